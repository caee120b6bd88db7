// How well a few letters name a thing. SPDX-License-Identifier: MIT

/** 0: not at all. The whole from its beginning is best, then words' beginnings, then anywhere, then letters in order. */
export function rankMatch(query: string, text: string): number {
  const q = query.trim().toLowerCase();
  const t = text.toLowerCase();
  if (!q) return 1;
  if (t === q) return 200;
  if (t.startsWith(q)) return 150 - Math.min(40, t.length - q.length);
  const at = t.indexOf(q);
  if (at >= 0) return (/[\s/._-]/.test(t[at - 1] ?? '') ? 110 : 90) - Math.min(40, at);
  const words = q.split(/\s+/);
  if (words.length > 1) return words.every((w) => t.includes(w)) ? 70 : 0;
  let i = 0;
  let gaps = 0;
  let last = -1;
  for (const c of q) {
    i = t.indexOf(c, i);
    if (i < 0) return 0;
    if (last >= 0) gaps += i - last - 1;
    last = i;
    i++;
  }
  return Math.max(1, 45 - gaps * 3);
}
