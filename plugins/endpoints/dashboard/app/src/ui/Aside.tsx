// The panel beside a list that tells about one of its rows; the whole screen on a phone. SPDX-License-Identifier: MIT
import { useEffect, useId, useRef, type ReactNode } from 'react';
import { Button } from './Button';

export function Aside({
  title,
  subtitle,
  tools,
  onClose,
  children,
}: {
  title: string;
  subtitle?: ReactNode;
  tools?: ReactNode;
  onClose: () => void;
  children: ReactNode;
}) {
  const id = useId();
  const ref = useRef<HTMLElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      if (e.key !== 'Escape' || e.defaultPrevented || document.querySelector('dialog[open]')) return;
      close.current();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  // on a phone it covers the list: the focus goes with it
  useEffect(() => {
    if (window.matchMedia('(max-width: 900px)').matches) ref.current?.querySelector<HTMLElement>('h2')?.focus();
  }, [title]);
  return (
    <aside className="aside" aria-labelledby={id} ref={ref}>
      <header className="aside-head">
        <div className="aside-title">
          <h2 id={id} tabIndex={-1}>
            {title}
          </h2>
          {subtitle && <div className="aside-sub">{subtitle}</div>}
        </div>
        <Button kind="ghost" icon="close" aria-label="Close the panel" title="Close (Esc)" onClick={onClose} />
      </header>
      {tools && <div className="aside-tools">{tools}</div>}
      <div className="aside-body" tabIndex={0} role="group" aria-labelledby={id}>
        {children}
      </div>
    </aside>
  );
}
