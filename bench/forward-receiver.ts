// Receives Fluentd's forward protocol over TLS and acknowledges every chunk, as a process of its own: node forward-receiver.ts PORT CERTIFICATE KEY.
// Must never decode the records: it skips over them, so that the receiving side is no bottleneck, and counts them by the key that each holds.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';

const chunkKey = 'chunk';
/** How MessagePack writes the key `log`, which a tailed line stands behind. */
const recordMark = Buffer.from('\u00a3log', 'latin1');

/** Where a value ends; beyond the end of `bytes`, at least so far, while it isn't there wholly. https://github.com/msgpack/msgpack/blob/master/spec.md */
function endOf(bytes: Buffer, at: number): number {
  let [next, left] = [at, 1];
  while (left > 0) {
    const head = headOf(bytes, next);
    if (head === undefined) return Math.max(next, bytes.length) + 1;
    next += head.size + head.body;
    left += head.values - 1;
  }
  return next;
}

interface Head {
  /** Bytes of the head, and of the text or number behind it; how many values follow inside. */
  readonly size: number;
  readonly body: number;
  readonly values: number;
}

/** Sizes of the forms with a fixed body, by first byte (nil, booleans, numbers, extensions). */
const fixedBodies: Readonly<Record<number, number>> = {
  0xc0: 0,
  0xc2: 0,
  0xc3: 0,
  0xca: 4,
  0xcb: 8,
  0xcc: 1,
  0xcd: 2,
  0xce: 4,
  0xcf: 8,
  0xd0: 1,
  0xd1: 2,
  0xd2: 4,
  0xd3: 8,
  0xd4: 2,
  0xd5: 3,
  0xd6: 5,
  0xd7: 9,
  0xd8: 17,
};
/** Forms with a length of `width` bytes behind the first: what the length counts. */
const lengths: Readonly<Record<number, { readonly width: number; readonly of: 'bytes' | 'values' | 'pairs' | 'extension' }>> = {
  0xc4: { width: 1, of: 'bytes' },
  0xc5: { width: 2, of: 'bytes' },
  0xc6: { width: 4, of: 'bytes' },
  0xc7: { width: 1, of: 'extension' },
  0xc8: { width: 2, of: 'extension' },
  0xc9: { width: 4, of: 'extension' },
  0xd9: { width: 1, of: 'bytes' },
  0xda: { width: 2, of: 'bytes' },
  0xdb: { width: 4, of: 'bytes' },
  0xdc: { width: 2, of: 'values' },
  0xdd: { width: 4, of: 'values' },
  0xde: { width: 2, of: 'pairs' },
  0xdf: { width: 4, of: 'pairs' },
};

function headOf(bytes: Buffer, at: number): Head | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  if (first <= 0x7f || first >= 0xe0) return { size: 1, body: 0, values: 0 };
  if (first <= 0x8f) return { size: 1, body: 0, values: (first & 0x0f) * 2 };
  if (first <= 0x9f) return { size: 1, body: 0, values: first & 0x0f };
  if (first <= 0xbf) return { size: 1, body: first & 0x1f, values: 0 };
  const fixed = fixedBodies[first];
  if (fixed !== undefined) return { size: 1, body: fixed, values: 0 };
  const form = lengths[first];
  if (form === undefined) throw new Error(`no MessagePack begins with ${first}`);
  if (at + 1 + form.width > bytes.length) return undefined;
  const length = bytes.readUIntBE(at + 1, form.width);
  const size = 1 + form.width;
  if (form.of === 'bytes') return { size, body: length, values: 0 };
  if (form.of === 'extension') return { size, body: length + 1, values: 0 };
  return { size, body: 0, values: form.of === 'pairs' ? length * 2 : length };
}

/** The text at `at`. */
function textAt(bytes: Buffer, at: number): string {
  const head = headOf(bytes, at);
  return head === undefined ? '' : bytes.toString('utf8', at + head.size, at + head.size + head.body);
}

interface Message {
  readonly chunk: string | undefined;
  readonly records: number;
}

/** Reads one message `[tag, entries, options]` that is there wholly: what its options name as the chunk, and how many records it holds. */
function readMessage(bytes: Buffer): Message {
  const entriesAt = endOf(bytes, headOf(bytes, 0)?.size ?? 0);
  const optionsAt = endOf(bytes, entriesAt);
  const entries = bytes.subarray(entriesAt, optionsAt);
  let records = 0;
  for (let at = entries.indexOf(recordMark); at !== -1; at = entries.indexOf(recordMark, at + recordMark.length)) records += 1;
  const options = headOf(bytes, optionsAt);
  let at = optionsAt + (options?.size ?? 0);
  for (let pair = 0; pair < (options?.values ?? 0) / 2; pair += 1) {
    const valueAt = endOf(bytes, at);
    if (textAt(bytes, at) === chunkKey) return { chunk: textAt(bytes, valueAt), records };
    at = endOf(bytes, valueAt);
  }
  return { chunk: undefined, records };
}

/** `{ack: chunk}` */
function acknowledgement(chunk: string): Buffer {
  return Buffer.concat([Buffer.from('\u0081\u00a3ack\u00d9', 'latin1'), Buffer.from([chunk.length]), Buffer.from(chunk)]);
}

const [port, certificate, key] = process.argv.slice(2);
if (port === undefined || certificate === undefined || key === undefined) throw new Error('forward-receiver.ts PORT CERTIFICATE KEY');
let total = 0;
const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (socket) => {
  let parts: Buffer[] = [];
  let held = 0;
  let wanted = 1;
  socket.on('error', (error: Error) => console.error(error.message));
  socket.on('data', (data: Buffer) => {
    parts.push(data);
    held += data.length;
    if (held < wanted) return;
    let bytes = Buffer.concat(parts);
    while ((wanted = endOf(bytes, 0)) <= bytes.length) {
      const message = readMessage(bytes);
      total += message.records;
      if (message.chunk !== undefined) socket.write(acknowledgement(message.chunk));
      console.log(total);
      bytes = bytes.subarray(wanted);
    }
    parts = [bytes];
    held = bytes.length;
  });
});
server.listen(Number(port), '127.0.0.1');
process.once('SIGTERM', () => process.exit(0));
