// Matchers of silences, as far as one needs to show what they cover. SPDX-License-Identifier: MIT
import type { Alert } from '@/api/types';

export interface Matcher {
  name: string;
  op: '=' | '!=' | '=~' | '!~';
  value: string;
}

const NAME = 'alertname';

/**
 * name=value, or an alert's name in which * and ? match. Null when it is neither, or no regular expression.
 * As the host reads it: "rule" is the alert's name, like "alertname"; in quotes it is a label of that name.
 * The host matches in linear time; here an expression only shows what would be covered.
 */
export function parseMatcher(text: string): Matcher | null {
  const m = /^([A-Za-z_][\w.:-]*|"[^"\\]+")\s*(=~|!~|!=|=)\s*(.*)$/s.exec(text.trim());
  if (m) {
    const name = m[1] as string;
    const found = {
      name: name === 'rule' ? NAME : unquote(name),
      op: m[2] as Matcher['op'],
      value: unquote(m[3] as string),
    };
    return found.op.includes('~') && !expression(found.value) ? null : found;
  }
  const word = text.trim();
  if (!/^[\w*?.:-]+$/.test(word)) return null;
  return /[*?]/.test(word) ? { name: NAME, op: '=~', value: fromGlob(word) } : { name: NAME, op: '=', value: word };
}

const unquote = (v: string): string =>
  /^".*"$/s.test(v) ? v.slice(1, -1).replace(/\\(["\\n])/g, (_, c: string) => (c === 'n' ? '\n' : c)) : v;

const fromGlob = (pattern: string): string =>
  pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');

/** The whole value has to match, as in Alertmanager. What only the host's syntax has: flags at the front, (?P<name>. */
function expression(source: string): RegExp | null {
  const flags = /^\(\?([is]+)\)/.exec(source);
  const rest = source.slice(flags?.[0].length ?? 0).replace(/\(\?P</g, '(?<');
  try {
    return new RegExp(`^(?:${rest})$`, flags?.[1]?.includes('i') ? 'si' : 's');
  } catch {
    return null;
  }
}

export function fieldOf(a: Alert, name: string): string {
  switch (name) {
    case NAME:
      return a.rule;
    case 'rule': // an alert of others may have a label of that name
      return a.labels.rule ?? a.rule;
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
    return (expression(m.value)?.test(value) ?? false) === (m.op === '=~');
  });
}

/** A matcher for one value, with quotes where it would be read otherwise. */
export const equals = (name: string, value: string): string =>
  /^[\w.:/-]+$/.test(value) ? `${name}=${value}` : `${name}="${value.replace(/["\\]/g, '\\$&').replace(/\n/g, '\\n')}"`;

/** What silences just this one. */
export function matchersOf(a: Alert): string[] {
  return [
    equals(NAME, a.rule),
    ...(a.instance ? [equals('instance', a.instance)] : []),
    ...(a.target ? [equals('target', a.target)] : []),
  ];
}
