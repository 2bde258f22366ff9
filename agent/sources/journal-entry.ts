// Makes a journal entry fit: its longest fields are cut until its JSON is short enough.
// Must never drop a field that says what or when an entry is, nor change one that fits.

/** Fields are cut to this and no further; so many bytes of a message say what it is about. */
const leastFieldLength = 256;

/**
 * @param line one entry as `journalctl -o json` prints it, its line end included
 * @returns the entry as JSON of at most about `maxBytes`; `line` itself if it is no JSON object
 */
export function shortenEntry(line: Buffer, maxBytes: number): Buffer {
  let entry: unknown;
  try {
    entry = JSON.parse(line.toString('utf8'));
  } catch {
    return line;
  }
  if (typeof entry !== 'object' || entry === null) return line;
  const fields = new Map(Object.entries(entry));
  let excess = line.length - maxBytes;
  while (excess > 0) {
    const longest = longestField(fields);
    if (longest === undefined) break;
    const [name, value, length] = longest;
    // A byte of text is one or more of JSON, one that is no text three or four: what is kept is reckoned in JSON, and measured again.
    const jsonLength = Buffer.byteLength(JSON.stringify(value));
    const share = Math.max(0, jsonLength - excess) / jsonLength;
    const keep = Math.max(leastFieldLength, Math.min(length - 1, Math.floor(length * share)));
    fields.set(name, cutValue(value, keep, length));
    excess = Buffer.byteLength(JSON.stringify(Object.fromEntries(fields))) + 1 - maxBytes;
  }
  return Buffer.from(`${JSON.stringify(Object.fromEntries(fields))}\n`);
}

/** When it was written, in Unix milliseconds. */
export function entryTimeMs(line: Buffer): number | undefined {
  const digits = /"__REALTIME_TIMESTAMP":"(\d{10,20})"/.exec(line.toString('latin1'))?.[1];
  return digits === undefined ? undefined : Number(digits) / 1000;
}

function longestField(fields: ReadonlyMap<string, unknown>): readonly [string, unknown, number] | undefined {
  let longest: readonly [string, unknown, number] | undefined;
  for (const [name, value] of fields) {
    const length = lengthOf(value);
    if (!name.startsWith('__') && length > leastFieldLength && length > (longest?.[2] ?? 0)) longest = [name, value, length];
  }
  return longest;
}

/** A value is text, bytes as an array of numbers, or an array of both where a field is repeated. */
function lengthOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  return Array.isArray(value) ? value.reduce((sum: number, each) => sum + (typeof each === 'number' ? 1 : lengthOf(each) + 1), 0) : 0;
}

function cutValue(value: unknown, keep: number, length: number): unknown {
  if (typeof value === 'string') return value.slice(0, keep);
  if (!Array.isArray(value)) return value;
  if (value.every((each) => typeof each === 'number')) return value.slice(0, keep);
  // Repeated: each keeps its share.
  const share = Math.max(1, Math.floor((keep * 0.9) / Math.max(1, value.length)));
  return value.slice(0, keep).map((each) => cutValue(each, Math.min(share, Math.ceil((lengthOf(each) * keep) / length)), lengthOf(each)));
}
