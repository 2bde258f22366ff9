// How else the words of an edit may be meant: models wrap, escape and decorate code on its way into an answer.
// Must never change words that were found as they stand.

export interface Reading {
  readonly search: string;
  readonly replace: string;
}

/** Further readings of a search and its replacement, each different from the words as they stand, likeliest first. */
export function otherReadings(words: Reading): readonly Reading[] {
  const readings: Reading[] = [];
  const add = (search: string, replace: string): void => {
    const isNew =
      search !== words.search && search.trim() !== '' && !readings.some((one) => one.search === search && one.replace === replace);
    if (isNew) readings.push({ search, replace });
  };
  for (const undo of [stripFence, stripLineNumbers, unescapeHtml, unescapeJson, stripDiffMarks]) {
    const search = undo(words.search);
    if (search !== words.search) add(search, undo(words.replace));
  }
  // Several at once: a fence around numbered lines, or escapes inside a fence.
  const bare = unescapeHtml(stripLineNumbers(stripFence(words.search)));
  add(bare, unescapeHtml(stripLineNumbers(stripFence(words.replace))));
  return readings;
}

/** Text without a Markdown fence around all of it. */
export function stripFence(text: string): string {
  const match = /^\s*(`{3,}|~{3,})[^\n`]*\n([\s\S]*?\n?)\1[ \t]*\n?\s*$/.exec(text);
  return match?.[2] ?? text;
}

/** `  7 | code` on every line. */
function stripLineNumbers(text: string): string {
  const lines = text.split('\n');
  const shown = lines.filter((line) => line.trim() !== '');
  const pattern = /^\s*\d+\s?[|:│→\t] ?/;
  if (shown.length === 0 || !shown.every((line) => pattern.test(line))) return text;
  return lines.map((line) => line.replace(/^\s*\d+\s?(?:[|:│→] ?|\t)/, '')).join('\n');
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&#x27;', "'")
    .replaceAll('&amp;', '&');
}

/** `\n` written as two characters, in text that has no real line breaks to speak of. */
function unescapeJson(text: string): string {
  if (!text.includes('\\n') || text.trimEnd().includes('\n')) return text;
  return text.replaceAll(/\\(n|t|r|"|'|\\)/g, (_, character: string) => ({ n: '\n', t: '\t', r: '\r' })[character] ?? character);
}

/** Every line begins with a diff's mark. */
function stripDiffMarks(text: string): string {
  const lines = text.split('\n');
  const shown = lines.filter((line) => line !== '');
  if (shown.length === 0 || !shown.every((line) => /^[ +-]/.test(line)) || !shown.some((line) => /^[+-]/.test(line))) return text;
  return lines.map((line) => line.slice(1)).join('\n');
}

/** Typographic quotes, dashes, spaces and composed letters as plain ones: for comparing only. */
export function foldTypography(text: string): string {
  return text
    .normalize('NFC')
    .replaceAll(/[\u2018\u2019\u201a\u2032]/g, "'")
    .replaceAll(/[\u201c\u201d\u201e\u2033]/g, '"')
    .replaceAll(/[\u2010-\u2015\u2212]/g, '-')
    .replaceAll(/[\u00a0\u2007\u202f]/g, ' ')
    .replaceAll('\u2026', '...');
}
