// Taking a rule's condition apart as far as a chart needs it. SPDX-License-Identifier: MIT

export interface Condition {
  metric: string;
  op: '>' | '>=' | '<' | '<=' | '==' | '!=';
  /** A figure, or the key of one in the configuration: "thresholds.cpu.critical_percent". */
  limit: number | string | boolean;
}

/** The comparison with `metric` in an expression; null when it is none that can be drawn. */
export function conditionOf(expr: string, metric: string): Condition | null {
  const name = metric.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const m = new RegExp(
    `(?:^|[^\\w.])${name}(?:\\{[^}]*\\})?\\s*(>=|<=|==|!=|>|<)\\s*("[^"]*"|-?[\\d.]+(?:e[+-]?\\d+)?|[A-Za-z_][\\w.]*)`,
  ).exec(` ${expr}`);
  if (!m) return null;
  const text = m[2] as string;
  const limit =
    text === 'true' || text === 'false'
      ? text === 'true'
      : /^-?[\d.]/.test(text)
        ? Number(text)
        : text.replace(/^"|"$/g, '');
  return { metric, op: m[1] as Condition['op'], limit };
}

/** A key of the configuration that holds the figure. */
export const limitKey = (c: Condition | null): string | null =>
  c && typeof c.limit === 'string' && /^[A-Za-z_]\w*(\.\w+)+$/.test(c.limit) ? c.limit : null;
