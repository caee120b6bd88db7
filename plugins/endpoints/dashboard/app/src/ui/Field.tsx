// Fields of forms and of the lines of controls above lists. SPDX-License-Identifier: MIT
import {
  forwardRef,
  useEffect,
  useId,
  useRef,
  useState,
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
} from 'react';
import { Icon } from './Icon';
import { StateIcon, type Tone } from './State';

interface Common {
  label: string;
  help?: ReactNode;
  error?: string | null;
}

function Frame({ id, label, help, error, children }: Common & { id: string; children: ReactNode }) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children}
      {help && (
        <p className="field-help" id={`${id}h`}>
          {help}
        </p>
      )}
      {error && (
        <p className="field-error" id={`${id}e`} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
const described = (id: string, help: unknown, error: unknown) =>
  [help ? `${id}h` : '', error ? `${id}e` : ''].filter(Boolean).join(' ') || undefined;

export function TextField({ label, help, error, ...rest }: Common & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <Frame id={id} label={label} help={help} error={error}>
      <input
        id={id}
        className="input"
        aria-describedby={described(id, help, error)}
        aria-invalid={!!error || undefined}
        {...rest}
      />
    </Frame>
  );
}

export function TextArea({ label, help, error, ...rest }: Common & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId();
  return (
    <Frame id={id} label={label} help={help} error={error}>
      <textarea
        id={id}
        className="input"
        rows={3}
        aria-describedby={described(id, help, error)}
        aria-invalid={!!error || undefined}
        {...rest}
      />
    </Frame>
  );
}

export function SelectField({
  label,
  help,
  error,
  children,
  ...rest
}: Common & SelectHTMLAttributes<HTMLSelectElement>) {
  const id = useId();
  return (
    <Frame id={id} label={label} help={help} error={error}>
      <select id={id} className="input" aria-describedby={described(id, help, error)} {...rest}>
        {children}
      </select>
    </Frame>
  );
}

/** The search of a list. What is typed is told after a short pause; `/` goes here. */
export const Search = forwardRef<
  HTMLInputElement,
  { value: string; onChange: (v: string) => void; label: string; placeholder?: string }
>(function Search({ value, onChange, label, placeholder }, ref) {
  const [text, setText] = useState(value);
  const told = useRef(value);
  useEffect(() => {
    if (value !== told.current) {
      told.current = value;
      setText(value);
    }
  }, [value]);
  useEffect(() => {
    if (text === told.current) return undefined;
    const timer = setTimeout(() => {
      told.current = text;
      onChange(text);
    }, 80);
    return () => clearTimeout(timer);
  }, [text, onChange]);
  return (
    <span className="search">
      <Icon name="search" size={14} />
      <input
        ref={ref}
        type="search"
        data-search
        className="input"
        aria-label={label}
        placeholder={placeholder ?? label}
        value={text}
        spellCheck={false}
        autoComplete="off"
        onChange={(e) => setText(e.target.value)}
        onKeyDown={(e) => {
          if (e.key === 'Escape' && text) {
            e.stopPropagation();
            setText('');
          }
        }}
      />
    </span>
  );
});

export interface Option<T extends string = string> {
  value: T;
  label: string;
  count?: number;
  tone?: Tone;
}

/** One of a few: a group of radio buttons that looks like a bar. */
export function Segmented<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: readonly Option<T>[];
  onChange: (v: T) => void;
}) {
  const name = useId();
  return (
    <div className="segmented" role="radiogroup" aria-label={label}>
      {options.map((o) => (
        <label key={o.value} className={o.value === value ? 'on' : ''}>
          <input
            type="radio"
            name={name}
            value={o.value}
            checked={o.value === value}
            onChange={() => onChange(o.value)}
          />
          <span>{o.label}</span>
          {o.count !== undefined && <span className="count num">{o.count}</span>}
        </label>
      ))}
    </div>
  );
}

/** Any of a few, each with how many there are. Nothing chosen means all. */
export function Facets({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: ReadonlySet<string>;
  options: readonly Option[];
  onChange: (v: ReadonlySet<string>) => void;
}) {
  return (
    <div className="facets" role="group" aria-label={label}>
      {options.map((o) => {
        const on = value.has(o.value);
        return (
          <button
            key={o.value}
            type="button"
            className={`facet${on ? ' on' : ''}${o.count === 0 ? ' none' : ''}`}
            aria-pressed={on}
            onClick={() => {
              const next = new Set(value);
              if (on) next.delete(o.value);
              else next.add(o.value);
              onChange(next);
            }}
          >
            {o.tone && <StateIcon tone={o.tone} />}
            <span>{o.label}</span>
            {o.count !== undefined && <span className="count num">{o.count}</span>}
          </button>
        );
      })}
    </div>
  );
}
