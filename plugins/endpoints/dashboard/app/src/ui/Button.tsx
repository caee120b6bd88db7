// Buttons, and one that asks before it does something. SPDX-License-Identifier: MIT
import { forwardRef, useEffect, useRef, useState, type ButtonHTMLAttributes, type ReactNode } from 'react';
import { Icon, type IconName } from './Icon';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: 'plain' | 'primary' | 'danger' | 'ghost';
  icon?: IconName;
  busy?: boolean;
  small?: boolean;
  children?: ReactNode;
}

export const Button = forwardRef<HTMLButtonElement, ButtonProps>(function Button(
  { kind = 'plain', icon, busy, small, children, className, disabled, ...rest },
  ref,
) {
  const only = !children && icon;
  return (
    <button
      ref={ref}
      type="button"
      className={`button${kind === 'plain' ? '' : ` ${kind}`}${small ? ' small' : ''}${only ? ' square' : ''}${className ? ` ${className}` : ''}`}
      aria-busy={busy || undefined}
      disabled={disabled || busy}
      {...rest}
    >
      {busy ? <span className="spinner" aria-hidden="true" /> : icon && <Icon name={icon} size={small ? 14 : 16} />}
      {children && <span>{children}</span>}
    </button>
  );
});

/** A first press asks, a second one within five seconds does it: for what cannot be undone but needs no dialogue. */
export function ConfirmButton({
  onConfirm,
  question = 'Sure?',
  children,
  ...rest
}: ButtonProps & { onConfirm: () => void; question?: string }) {
  const [asking, setAsking] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>();
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <Button
      {...rest}
      kind={asking ? 'danger' : rest.kind}
      onClick={() => {
        clearTimeout(timer.current);
        setAsking(!asking);
        if (asking) onConfirm();
        else timer.current = setTimeout(() => setAsking(false), 5000);
      }}
      onBlur={() => setAsking(false)}
    >
      <span aria-live="polite">{asking ? question : children}</span>
    </Button>
  );
}
