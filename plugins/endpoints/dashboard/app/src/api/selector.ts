// Selectors of series and patterns of topics: writing them, and what they match. SPDX-License-Identifier: MIT

const quote = (v: string): string => `"${v.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`;

/** `selector('http.up', {instance: 'web'})` is `http.up{instance="web"}`; labels without a value are left out. */
export function selector(name: string, labels: Record<string, string | null | undefined> = {}): string {
  const inner = Object.entries(labels)
    .filter((l): l is [string, string] => !!l[1])
    .map(([k, v]) => `${k}=${quote(v)}`);
  return inner.length ? `${name}{${inner.join(',')}}` : name;
}

const expressionOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*/g, '[^]*')
      .replace(/\?/g, '[^]')}$`,
    'u',
  );

/** A pattern of topics: `alert.*`, `*`. */
export const matches = (pattern: string, topic: string): boolean => expressionOf(pattern).test(topic);

/** Which series these selectors choose, as the host does: by the name, or with a brace by the whole `name{label="value"}`. */
export function chooser(selectors: readonly string[]): (series: string) => boolean {
  const exact = new Set(selectors);
  const patterns = selectors
    .filter((s) => /[*?]/.test(s))
    .map((s) => ({ whole: s.includes('{'), by: expressionOf(s) }));
  return (series) => {
    const name = series.split('{', 1)[0] as string;
    return exact.has(series) || exact.has(name) || patterns.some((p) => p.by.test(p.whole ? series : name));
  };
}
