// What would change in files, line by line: what goes, what comes, and a few lines around. SPDX-License-Identifier: MIT
import type { FileChange } from './types';

const KINDS: Record<string, string> = { '+': 'new', '-': 'gone', '@': 'place', '\\': 'place' };

export function Changes({ changes }: { changes: readonly FileChange[] }) {
  return (
    <div>
      <h3>Changes</h3>
      <p className="muted">Against what was in force when it was proposed.</p>
      {changes.map((c) => (
        <OneFile key={c.file} change={c} />
      ))}
    </div>
  );
}

function OneFile({ change: c }: { change: FileChange }) {
  const what = !c.before ? 'new' : !c.after ? 'removed' : c.after === 'built in' ? 'what is built in again' : 'changed';
  return (
    <figure className="diff" aria-label={`Changes of ${c.file}`}>
      <figcaption>
        <code>{c.file}</code>{' '}
        <span className="muted">
          {what}, {c.added} {c.added === 1 ? 'line' : 'lines'} added, {c.removed} removed
        </span>
      </figcaption>
      {/* the signs are part of the text: nobody needs to see the colours */}
      <pre tabIndex={0} aria-label={`Lines of ${c.file}`} role="region">
        {c.lines.map((line, i) => (
          <span key={i} className={`diff-${KINDS[line.charAt(0)] ?? 'same'}`}>
            {`${line}\n`}
          </span>
        ))}
      </pre>
      {c.left_out > 0 && <p className="muted">and {c.left_out} more lines, which are in the text below</p>}
    </figure>
  );
}
