// How columns touch: what may stand around a time, a level and a logger without a blank between (`ERROR:root:…`, `W/Activity(12):`), a name and
// a level in one bracket.
// Must never look beyond the column that it is asked about.
import { severityOfLetter, severityOfWord, severityOfWordIn, type Severity } from '../severity.ts';

/** The end of a level that a name follows at once, `ERROR:` or `W/`; -1 where none stands at `at`. */
export function levelJointEnd(text: string, at: number): number {
  const first = text.charCodeAt(at);
  if (first < 65 || first > 90) return -1;
  let end = at + 1;
  if (text.charCodeAt(end) === 47) {
    return isLetter(text.charCodeAt(end + 1)) && severityOfLetter(text[at] ?? '') !== undefined && tagFollows(text, end + 1) ? end + 1 : -1;
  }
  while (end - at < 15 && isLetter(text.charCodeAt(end))) end++;
  if (text.charCodeAt(end) !== 58 || !isLetter(text.charCodeAt(end + 1) | 32)) return -1;
  return severityOfWordIn(text, at, end) === undefined ? -1 : end + 1;
}

/** The end of a name at `at` that closes with a colon which text follows at once; -1 otherwise. */
export function nameJointEnd(text: string, at: number, length: number): number {
  let end = at;
  for (; end < length; end++) {
    const code = text.charCodeAt(end);
    if (code === 58) break;
    if (!isLetter(code) && !(code >= 48 && code <= 57) && code !== 46 && code !== 95 && code !== 45 && code !== 36) return -1;
  }
  return end > at && end < length && text.charCodeAt(end + 1) > 32 ? end + 1 : -1;
}

/** The level and the name of `core:warn`, `Server thread/INFO` or `INFO/MainProcess`. */
export function pairedLevel(inside: string): { readonly severity: Severity; readonly name: string } | undefined {
  const mark = Math.max(inside.lastIndexOf('/'), inside.lastIndexOf(':'));
  if (mark <= 0 || inside.length > 100) return undefined;
  const last = severityOfWord(inside.slice(mark + 1));
  if (last !== undefined) return { severity: last, name: inside.slice(0, mark) };
  const first = severityOfWord(inside.slice(0, mark));
  return first === undefined ? undefined : { severity: first, name: inside.slice(mark + 1) };
}

/** A name up to a bracket with a number, `Activity( 1001):`. */
function tagFollows(text: string, at: number): boolean {
  let i = at;
  while (i - at < 100 && text.charCodeAt(i) !== 40 && text.charCodeAt(i) > 31) i++;
  if (text.charCodeAt(i) !== 40) return false;
  i++;
  while (text.charCodeAt(i) === 32) i++;
  const digits = i;
  while (text.charCodeAt(i) >= 48 && text.charCodeAt(i) <= 57) i++;
  return i > digits && text.charCodeAt(i) === 41 && text.charCodeAt(i + 1) === 58;
}

function isLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

/** The end of `key=value` pairs at `at` that lead to a bracket; `at` where they don't. */
export function pairsEnd(text: string, at: number): number {
  let i = at;
  for (let pairs = 0; pairs < 6; pairs++) {
    const start = i;
    let code = text.charCodeAt(i);
    while ((code >= 97 && code <= 122) || code === 95) code = text.charCodeAt(++i);
    if (i === start || code !== 61) return at;
    while (code > 32) code = text.charCodeAt(++i);
    if (code !== 32) return at;
    i++;
    if (text.charCodeAt(i) === 91) return i;
  }
  return at;
}

/** `. _ - $ : / @ + * , ;` */
export function isNameMark(code: number): boolean {
  return (code >= 42 && code <= 47) || code === 95 || code === 36 || code === 58 || code === 59 || code === 64;
}

/** True if only digits and `a`–`f` stand there. */
export function isHex(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (!((code >= 48 && code <= 57) || (code >= 97 && code <= 102))) return false;
  }
  return true;
}

/** What may stand before a time, and what then closes it; routers mark a time that no server confirmed, `*Jan 31 10:15:00.123:`. */
export const aroundTime: ReadonlyMap<number, number> = new Map([
  [40, 41],
  [123, 125],
  [34, 34],
  [42, 0],
  [46, 0],
]);

/** What may follow a time. */
export function endsColumn(code: number): boolean {
  return (
    Number.isNaN(code) ||
    code === 32 ||
    (code >= 9 && code <= 13) ||
    code === 93 ||
    code === 124 ||
    code === 44 ||
    code === 58 ||
    code === 59
  );
}
