// The key that redaction's tokens are made with: the fleet's, from a file that operators hand out, or the node's own.
// Must never write the fleet's key, log either, or send one anywhere.
import { randomBytes } from 'node:crypto';
import { access, readFile, rename } from 'node:fs/promises';
import { writeFileAtomically } from '../../base/atomic-file.ts';
import { HephaestusError, errnoOf } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';

const leastBytes = 16;
const keyBytes = 32;

/**
 * @param fleetFile of the configuration; with the same content on all nodes equal values get equal tokens everywhere
 * @param ownFile in the state directory; made on first use, readable by the agent alone, and anew where a crash left no key in it
 * @throws HephaestusError `redaction.key`
 */
export async function readRedactionKey(fleetFile: string | undefined, ownFile: string, logger: Logger): Promise<Uint8Array> {
  if (fleetFile !== undefined) return readKey(fleetFile, 'write at least 16 random bytes into it, for instance by: openssl rand -hex 32');
  if (await isDamaged(ownFile)) {
    const keptAs = `${ownFile}.damaged`;
    try {
      await rename(ownFile, keptAs);
    } catch (cause) {
      throw keyError(ownFile, 'is damaged and cannot be replaced', 'make the state directory writable', cause);
    }
    logger.warn('the key of redaction was damaged, a new one is made: equal values get other tokens than before', { keptAs });
  }
  try {
    await access(ownFile);
  } catch (missing) {
    if (errnoOf(missing) !== 'ENOENT') throw keyError(ownFile, 'cannot be read', 'give it back to the user of the agent', missing);
    try {
      await writeFileAtomically(ownFile, `${randomBytes(keyBytes).toString('hex')}\n`);
    } catch (cause) {
      throw keyError(ownFile, 'cannot be made', 'make the state directory writable', cause);
    }
  }
  return readKey(ownFile, 'remove it, and a new one is made');
}

/** A file that a crash left empty, short or full of zeros is no key, and is nobody's secret. */
async function isDamaged(path: string): Promise<boolean> {
  try {
    const bytes = await readFile(path);
    return bytes.toString('latin1').trim().length < leastBytes || bytes.every((byte) => byte === 0);
  } catch {
    // Absent, or unreadable, which is told where it is read.
    return false;
  }
}

async function readKey(path: string, advice: string): Promise<Uint8Array> {
  let text: Buffer;
  try {
    text = await readFile(path);
  } catch (error) {
    throw keyError(path, 'cannot be read', advice, error);
  }
  const key = Buffer.from(text.toString('latin1').trim(), 'latin1');
  if (key.length < leastBytes) throw keyError(path, `has ${key.length} bytes, less than ${leastBytes}`, advice, undefined);
  return key;
}

function keyError(path: string, fault: string, advice: string, cause: unknown): HephaestusError {
  return new HephaestusError({
    code: 'redaction.key',
    kind: 'validation',
    message: `the key of redaction ${path} ${fault}; ${advice}`,
    cause,
  });
}
