// What several parts of the view show alike. SPDX-License-Identifier: MIT
import type { Alert } from '@/api/types';

/** Who was asked to look after it. */
export function assigneeOf(a: Alert): string | null {
  if (!a.assigned) return null;
  return typeof a.assigned === 'string' ? a.assigned : a.assigned.to;
}

/** Where it is: "shop/api", with the labels that tell it from its siblings, each thing said once. */
export function placeOf(a: Alert): string {
  const at = a.instance && a.target && a.instance !== a.target ? `${a.instance}/${a.target}` : a.instance || a.target;
  const [first = '', ...pairs] = a.entity.split(/ (?=[A-Za-z_][\w.-]*=)/);
  const rest = pairs.filter((p) => at === '' || p.slice(p.indexOf('=') + 1) !== at);
  return [first, ...rest].join(' ');
}

/** Text from outside: a link only when it is one to a web page. */
export function Linked({ text }: { text: string }) {
  return /^https?:\/\/[^\s]+$/.test(text) ? (
    <a href={text} target="_blank" rel="noopener noreferrer">
      {text}
    </a>
  ) : (
    <>{text}</>
  );
}
