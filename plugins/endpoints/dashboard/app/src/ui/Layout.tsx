// The pieces that views are put together from. SPDX-License-Identifier: MIT
import type { ReactNode } from 'react';
import type { Tone } from './State';

/** A view: a heading (read, and shown in the bar), what chooses from the content, what is done at the far end of the line, the content.
    `fill`: the content has the height of the window and scrolls by itself. */
export function View({
  title,
  tools,
  actions,
  fill,
  quiet,
  children,
  aside,
}: {
  title: string;
  tools?: ReactNode;
  actions?: ReactNode;
  fill?: boolean;
  /** The heading is read, not shown. */ quiet?: boolean;
  children: ReactNode;
  aside?: ReactNode;
}) {
  return (
    <div className={`view${fill ? ' fill' : ''}${aside ? ' has-aside' : ''}`}>
      <div className="view-main">
        <header className={quiet ? '' : 'view-head'}>
          <h1 tabIndex={-1} className={quiet ? 'hidden' : undefined}>
            {title}
          </h1>
          {tools && <div className="tools">{tools}</div>}
          {actions && <div className="actions">{actions}</div>}
        </header>
        <div className="view-body">{children}</div>
      </div>
      {aside}
    </div>
  );
}

export function Card({
  title,
  tools,
  children,
  className,
  level = 2,
}: {
  title?: ReactNode;
  tools?: ReactNode;
  children: ReactNode;
  className?: string;
  level?: 2 | 3;
}) {
  const H = `h${level}` as 'h2' | 'h3';
  return (
    <section className={`card${className ? ` ${className}` : ''}`}>
      {(title || tools) && (
        <header className="card-head">
          {title && <H>{title}</H>}
          {tools && <div className="tools">{tools}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

/** Names and values, one a line. Values without content are left out. */
export function Facts({ items }: { items: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {items.map(([name, value]) =>
        value === null || value === undefined || value === '' ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

/** A share of a whole, with its figure. `warn` and `crit` are where its colour changes. */
export function Meter({
  value,
  label,
  text,
  warn = 80,
  crit = 95,
  tone: always,
}: {
  value: number | null | undefined;
  label: string;
  text?: string;
  warn?: number;
  crit?: number;
  /** One colour, whatever the share: where much is not bad. */
  tone?: Tone;
}) {
  const known = typeof value === 'number';
  const tone = known && always ? always : !known ? 'unknown' : value >= crit ? 'critical' : value >= warn ? 'warning' : 'ok';
  return (
    <div className={`meter tone-${tone}`}>
      <span
        className="meter-bar"
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={known ? Math.min(100, Math.max(0, value)) : 0}
        aria-valuetext={text ?? (known ? `${value} %` : 'unknown')}
      >
        <span className="meter-fill" style={{ width: `${known ? Math.min(100, Math.max(0, value)) : 0}%` }} />
      </span>
      {text && <span className="meter-text num">{text}</span>}
    </div>
  );
}
