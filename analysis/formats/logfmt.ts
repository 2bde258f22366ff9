// Reading logfmt: `time=… level=info msg="listening" port=80`.
// Must never take a sentence with an equals sign in it for logfmt: nearly the whole line has to be pairs.
import type { FieldValue } from '../entry.ts';
import { newFields, partOfFields, type RecordPart } from './record-part.ts';

/** Pairs read of one line. */
const maxPairs = 128;

/** Undefined if `text` isn't made of at least three pairs, with a message or a level among them. */
export function readLogfmt(text: string): RecordPart | undefined {
  // The cheap test: a short bare key at the very start.
  let first = 0;
  while (first < 40 && isKeyCode(text.charCodeAt(first))) first++;
  if (first === 0 || text.charCodeAt(first) !== 61) return undefined;
  if (!text.includes('msg=') && !text.includes('message=') && !text.includes('level=') && !text.includes('lvl=')) return undefined;
  const fields = newFields();
  let at = 0;
  let pairs = 0;
  let loose = 0;
  while (at < text.length && pairs < maxPairs) {
    while (text.charCodeAt(at) === 32) at++;
    if (at >= text.length) break;
    let end = at;
    while (isKeyCode(text.charCodeAt(end))) end++;
    const key = text.slice(at, end);
    const mark = text.charCodeAt(end);
    if (mark === 61 && key !== '') {
      at = readValue(text, end + 1, key, fields);
      if (at < 0) return undefined;
      pairs++;
    } else if ((mark === 32 || end === text.length) && key !== '' && ++loose === 1) {
      fields[key] = true;
      at = end;
    } else return undefined;
  }
  if (pairs < 3) return undefined;
  const part = partOfFields(fields, text);
  part.format = 'logfmt';
  if (part.message === '') part.message = text;
  return part;
}

/** Reads the pairs from `at` on into `fields`, and passes over what is none. */
export function readPairs(text: string, at: number, fields: Record<string, FieldValue>): void {
  for (let i = at, pairs = 0; i < text.length && pairs < maxPairs; i++) {
    const start = i;
    while (isKeyCode(text.charCodeAt(i))) i++;
    if (i === start || text.charCodeAt(i) !== 61) continue;
    // `msg='op=login …'` holds pairs of its own.
    if (text.charCodeAt(i + 1) === 39) continue;
    const end = readValue(text, i + 1, text.slice(start, i), fields);
    if (end < 0) return;
    pairs++;
    i = end;
  }
}

/** Puts the value at `at` under `key`; returns its end, or -1 if a quote doesn't close. */
function readValue(text: string, at: number, key: string, fields: Record<string, FieldValue>): number {
  if (text.charCodeAt(at) !== 34) {
    let end = at;
    while (end < text.length && text.charCodeAt(end) !== 32) end++;
    fields[key] = bareValue(text.slice(at, end));
    return end;
  }
  let value = '';
  let from = at + 1;
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 34) {
      fields[key] = value + text.slice(from, i);
      return i + 1;
    }
    if (code !== 92) continue;
    value += text.slice(from, i);
    const escaped = text.charCodeAt(++i);
    from = i + 1;
    value += escaped === 110 ? '\n' : escaped === 116 ? '\t' : text.slice(i, i + 1);
  }
  return -1;
}

/** Letters, digits and `_ - . @ /`. */
function isKeyCode(code: number): boolean {
  const lower = code | 32;
  return (lower >= 97 && lower <= 122) || (code >= 45 && code <= 57) || code === 95 || code === 64;
}

function bareValue(value: string): FieldValue {
  if (value === 'true') return true;
  if (value === 'false') return false;
  if (value === 'null' || value === '') return null;
  return /^-?\d{1,15}(?:\.\d{1,15})?$/.test(value) ? Number(value) : value;
}
