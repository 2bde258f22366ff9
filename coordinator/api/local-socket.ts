// The Unix socket for root on the coordinator's host: claimed before listening, closed to everybody else after.
// Must never stand in a folder that others can write to: they could put their own in its place.
import { chmod, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HephaestusError, errnoOf } from '../../base/errors.ts';

/** sun_path has 108 bytes, the last of them zero (unix(7)). */
export const longestSocketBytes = 107;

/** Removes what a coordinator that crashed left there. Call it while the port is held: then no other coordinator runs. */
export async function claimSocket(path: string): Promise<void> {
  const refuse = (why: string): HephaestusError =>
    new HephaestusError({
      code: 'api.cannot-listen',
      kind: 'system',
      message: `the local socket ${path} ${why}; choose another path with localSocket, or switch it off with localSocket: ''`,
    });
  if (Buffer.byteLength(path) > longestSocketBytes) throw refuse(`is longer than ${longestSocketBytes} bytes`);
  const folder = await stat(dirname(path)).catch(() => {
    throw refuse('stands in a folder that is not there');
  });
  if ((folder.mode & 0o022) !== 0) throw refuse('stands in a folder that others can write to');
  try {
    if (!(await stat(path)).isSocket()) throw refuse('is the name of something that is no socket');
    await rm(path);
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw cause;
  }
}

/** Only the coordinator's own user, and root. */
export async function guardSocket(path: string): Promise<void> {
  await chmod(path, 0o600);
}
