// Reading a line that is one JSON object, whatever logger wrote it.
// Must never throw on malformed text: it is then no JSON line.
import { flatten, partOfFields, type RecordPart } from './record-part.ts';

/** Longest line that is parsed; beyond it the line is text. The agent caps a record at 1 MiB. */
const maxChars = 1_048_576;

/** The object in `text`, or undefined. */
export function parseObject(text: string): object | undefined {
  if (text.length > maxChars) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Reads `{"level":"error","msg":…}`; undefined if `text` isn't one JSON object. */
export function readJson(text: string): RecordPart | undefined {
  let start = 0;
  let end = text.length;
  while (text.charCodeAt(start) <= 32) start++;
  if (text.charCodeAt(start) !== 123) return undefined;
  while (text.charCodeAt(end - 1) <= 32) end--;
  if (text.charCodeAt(end - 1) !== 125) return undefined;
  const object = parseObject(text);
  if (object === undefined) return undefined;
  const part = partOfFields(flatten(object), text);
  part.format = 'json';
  // An object without any message is its own message.
  if (part.message === '') part.message = text;
  return part;
}
