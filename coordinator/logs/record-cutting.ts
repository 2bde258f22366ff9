// Cuts a payload into its records: lengths in bytes, line ends included; a reader takes one line end off each.
// Must never change the bytes; text that is no UTF-8 shows U+FFFD where the bytes aren't.
const newline = 0x0a;
const carriageReturn = 0x0d;

/** @param lengths add up to `bytes.length` */
export function cutRecords(bytes: Buffer, lengths: readonly number[]): string[] {
  const records: string[] = [];
  let start = 0;
  for (const length of lengths) {
    const next = start + length;
    let end = next;
    if (end > start && bytes[end - 1] === newline) end--;
    if (end > start && end < next && bytes[end - 1] === carriageReturn) end--;
    records.push(bytes.toString('utf8', start, end));
    start = next;
  }
  return records;
}
