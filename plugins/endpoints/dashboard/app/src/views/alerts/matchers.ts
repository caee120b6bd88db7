// Matchers of silences, as far as one needs to show what they cover. SPDX-License-Identifier: MIT
import type { Alert } from '@/api/types';

export interface Matcher {
  name: string;
  op: '=' | '!=' | '=~' | '!~';
  value: string;
}

/** "rule=~disk_*"; a word alone is a rule's name. Null when it is none. */
export function parseMatcher(text: string): Matcher | null {
  const m = /^([A-Za-z_][\w.:-]*)\s*(=~|!~|!=|=)\s*(.*)$/.exec(text.trim());
  if (m) return { name: m[1] as string, op: m[2] as Matcher['op'], value: unquote(m[3] as string) };
  return /^[\w*?.:-]+$/.test(text.trim()) ? { name: 'rule', op: '=~', value: text.trim() } : null;
}

const unquote = (v: string): string => (/^".*"$/.test(v) ? v.slice(1, -1).replace(/\\(.)/g, '$1') : v);

function glob(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

export function fieldOf(a: Alert, name: string): string {
  switch (name) {
    case 'rule':
    case 'alertname':
      return a.rule;
    case 'severity':
      return a.severity;
    case 'instance':
      return a.instance || (a.labels.instance ?? '');
    case 'target':
      return a.target || (a.labels.target ?? '');
    case 'category':
      return a.category;
    default:
      return a.labels[name] ?? '';
  }
}

export function covers(matchers: readonly (Matcher | null)[], a: Alert): boolean {
  return matchers.every((m) => {
    if (!m) return false;
    const value = fieldOf(a, m.name);
    if (m.op === '=') return value === m.value;
    if (m.op === '!=') return value !== m.value;
    return glob(m.value, value) === (m.op === '=~');
  });
}

/** What silences just this one. */
export function matchersOf(a: Alert): string[] {
  return [
    `rule=${a.rule}`,
    ...(a.instance ? [`instance=${a.instance}`] : []),
    ...(a.target ? [`target=${a.target}`] : []),
  ];
}
