// Files that are either the old or the new content after a crash, never half of both, and that know when they were damaged.
// Must never be used for what must be appended or shared between processes that write.
import { createHash, randomBytes } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HephaestusError, errnoOf } from './errors.ts';

/**
 * Replaces `path` by `content`: temporary file beside it, fsync, rename, fsync of the folder.
 * @param mode permission bits of the new file; default 0o600, because most of what we keep is nobody else's business.
 * @throws the system's error; then the old file is as it was.
 */
export async function writeFileAtomically(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  const file = await open(temporary, 'wx', mode);
  try {
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  // Without this the rename itself can be lost on power failure (fsync(2), notes).
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What came of reading an enveloped file. `damaged` says why, for a log line. */
export type EnvelopeOutcome =
  | { readonly kind: 'read'; readonly version: number; readonly body: unknown }
  | { readonly kind: 'absent' }
  | { readonly kind: 'damaged'; readonly reason: string };

/** Writes `body` as JSON with a format version and a checksum, atomically. */
export async function writeEnvelope(path: string, version: number, body: unknown): Promise<void> {
  const text = JSON.stringify(body);
  if (text === undefined) {
    throw new HephaestusError({ code: 'atomic-file.unserializable', kind: 'validation', message: `${path}: the body has no JSON form` });
  }
  await writeFileAtomically(path, `${JSON.stringify({ version, sha256: sha256(text) })}\n${text}\n`);
}

/** Reads what writeEnvelope wrote. @throws the system's error if the file is there but cannot be read. */
export async function readEnvelope(path: string): Promise<EnvelopeOutcome> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { kind: 'absent' };
    throw error;
  }
  return openEnvelope(text);
}

function openEnvelope(text: string): EnvelopeOutcome {
  const [head = '', body, ...rest] = text.split('\n');
  if (body === undefined || rest.join('') !== '') return { kind: 'damaged', reason: 'it is cut short or has something behind its end' };
  try {
    const header: unknown = JSON.parse(head);
    if (!isHeader(header)) return { kind: 'damaged', reason: 'its first line is no header' };
    if (header.sha256 !== sha256(body)) return { kind: 'damaged', reason: 'its checksum does not match' };
    return { kind: 'read', version: header.version, body: JSON.parse(body) as unknown };
  } catch {
    // JSON.parse says where in the text, which helps nobody with a damaged file.
    return { kind: 'damaged', reason: 'it is not JSON' };
  }
}

function isHeader(value: unknown): value is { version: number; sha256: string } {
  if (typeof value !== 'object' || value === null) return false;
  return 'version' in value && Number.isSafeInteger(value.version) && 'sha256' in value && typeof value.sha256 === 'string';
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
