// Dialogues: the browser's own <dialog>, which keeps the focus inside and gives it back. SPDX-License-Identifier: MIT
import { useEffect, useId, useRef, type FormEvent, type ReactNode } from 'react';
import { Button } from './Button';

export function Dialog({
  title,
  onClose,
  onSubmit,
  submit,
  danger,
  busy,
  children,
  wide,
}: {
  title: string;
  onClose: () => void;
  onSubmit?: () => void;
  submit?: string;
  danger?: boolean;
  busy?: boolean;
  children: ReactNode;
  wide?: boolean;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement as HTMLElement | null;
    if (dialog && !dialog.open) dialog.showModal();
    dialog?.querySelector<HTMLElement>('[data-autofocus]')?.focus();
    return () => {
      dialog?.close();
      if (before?.isConnected) before.focus();
    };
  }, []);
  const send = (e: FormEvent) => {
    e.preventDefault();
    if (!busy) onSubmit?.();
  };
  return (
    <dialog
      ref={ref}
      className={`dialog${wide ? ' wide' : ''}`}
      aria-labelledby={id}
      onCancel={(e) => {
        e.preventDefault();
        onClose();
      }}
      onMouseDown={(e) => e.target === ref.current && onClose()}
    >
      <form onSubmit={send}>
        <h2 id={id}>{title}</h2>
        <div className="dialog-body">{children}</div>
        <div className="dialog-foot">
          <Button onClick={onClose}>{onSubmit ? 'Cancel' : 'Close'}</Button>
          {onSubmit && (
            <Button type="submit" kind={danger ? 'danger' : 'primary'} busy={busy}>
              {submit ?? 'Save'}
            </Button>
          )}
        </div>
      </form>
    </dialog>
  );
}
