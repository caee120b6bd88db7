// What stands where nothing can be shown, and why. SPDX-License-Identifier: MIT
import type { ReactNode } from 'react';
import type { ApiError } from '@/api/rest';
import { Button } from './Button';
import { Icon, type IconName } from './Icon';

/** "Try `openclaw status`" with what is to be typed as such. */
export const withCode = (text: string): ReactNode =>
  text.split('`').map((part, i) => (i % 2 ? <code key={i}>{part}</code> : part));

export function Empty({
  title,
  children,
  icon = 'check',
  action,
}: {
  title: string;
  children?: ReactNode;
  icon?: IconName;
  action?: ReactNode;
}) {
  return (
    <div className="empty">
      <Icon name={icon} size={22} />
      <p className="empty-title">{title}</p>
      {children && <p className="empty-text">{typeof children === 'string' ? withCode(children) : children}</p>}
      {action}
    </div>
  );
}

/** What went wrong, what helps, and a way to try again. */
export function ErrorNote({ error, retry, title }: { error: ApiError; retry?: () => void; title?: string }) {
  return (
    <div className="note critical" role="alert">
      <p className="note-title">
        {title ? `${title}: ` : ''}
        {error.message}
      </p>
      {error.hint && <p className="note-text">{withCode(error.hint)}</p>}
      {retry && (
        <Button small icon="refresh" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** Grey lines in the place of text that is on its way; shown only when it takes longer than a moment. */
export function Loading({ lines = 4, label = 'Loading' }: { lines?: number; label?: string }) {
  return (
    <div className="loading" role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} className={`bone w${(i * 37) % 4}`} />
      ))}
    </div>
  );
}

/** The three states of an answer, and its content. */
export function Answer<T>({
  query,
  lines,
  children,
}: {
  query: { data: T | undefined; error: ApiError | null; loading: boolean; reload: () => void };
  lines?: number;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) {
    return (
      <>
        {query.error && <ErrorNote error={query.error} retry={query.reload} title="Not up to date" />}
        {children(query.data)}
      </>
    );
  }
  if (query.error) return <ErrorNote error={query.error} retry={query.reload} />;
  return <Loading lines={lines} />;
}
