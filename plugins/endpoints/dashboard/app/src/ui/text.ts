// Text from outside within a sentence of ours. SPDX-License-Identifier: MIT

const FSI = '\u2068';
const PDI = '\u2069';

/**
 * In a text that is no markup (a note, a title): characters that turn the direction of writing end with the piece. Elements are
 * isolated by the style sheet.
 */
export const isolate = (text: string): string =>
  // eslint-disable-next-line no-control-regex
  /[^\u0000-\u024f]/.test(text) ? `${FSI}${text.replace(/[\u2066-\u2069]/g, '')}${PDI}` : text;
