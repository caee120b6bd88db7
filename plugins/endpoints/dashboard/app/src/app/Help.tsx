// The keys. SPDX-License-Identifier: MIT
import { Dialog } from '@/ui/Dialog';
import type { ViewDef } from '@/views';

const COMMON: readonly (readonly [string, string])[] = [
  ['Ctrl K', 'search and jump to anything'],
  ['/', 'search in the list'],
  ['t', 'light or dark'],
  ['Esc', 'close the panel or dialogue'],
  ['?', 'this help'],
];
const LISTS: readonly (readonly [string, string])[] = [
  ['↑ ↓ or k j', 'move in a list'],
  ['Enter', 'open the row'],
  ['x or Space', 'tick the row'],
  ['Home End', 'first and last row'],
];
const CHARTS: readonly (readonly [string, string])[] = [
  ['← →', 'read values'],
  ['+ -', 'zoom in and out'],
  ['0', 'back to the range'],
  ['drag', 'zoom in; a double click goes back'],
];

function Keys({ title, keys }: { title: string; keys: readonly (readonly [string, string])[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl className="keys">
        {keys.map(([k, text]) => (
          <div key={k}>
            <dt>
              {k
                .split(' ')
                .map((part, i) =>
                  /^(or|drag)$/.test(part) ? <span key={i}>{part}</span> : <kbd key={i}>{part}</kbd>,
                )}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

export default function Help({ views, onClose }: { views: readonly ViewDef[]; onClose: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose} wide>
      <div className="help-columns">
        <div>
          <Keys title="Everywhere" keys={COMMON} />
          <Keys title="Lists" keys={LISTS} />
          <Keys title="Charts" keys={CHARTS} />
        </div>
        <Keys title="Go to" keys={views.map((v) => [`g ${v.key}`, v.title] as const)} />
      </div>
    </Dialog>
  );
}
