// Why a file can't be read, whatever matches it, and what to do about it.
// Must never change a right.
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { errnoOf } from '../../base/errors.ts';
import { isNoText, nameIsNoText } from './file-finder.ts';

export interface FileDenial {
  /** For people. */
  readonly reason: string;
  /** It is there, and this user may not read it. */
  readonly isDenied: boolean;
}

/** Undefined if it can be read. */
export function findDenial(path: string): FileDenial | undefined {
  try {
    if (!statSync(path).isFile()) return { reason: 'not a regular file', isDenied: false };
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    const errno = errnoOf(error) ?? 'unknown error';
    if (errno === 'EACCES' || errno === 'EPERM') return { reason: explainRights(path), isDenied: true };
    if (errno === 'ELOOP') return { reason: 'its links lead in a circle', isDenied: false };
    if (isNoText(path)) return { reason: `cannot be read: ${nameIsNoText}; rename it`, isDenied: false };
    return { reason: errno === 'ENOENT' ? 'its link leads nowhere' : `cannot be read: ${errno}`, isDenied: false };
  }
}

function explainRights(path: string): string {
  try {
    const { uid, gid, mode } = statSync(path);
    const group = nameOf('/etc/group', gid);
    const rights = `it belongs to ${nameOf('/etc/passwd', uid)}:${group} and has mode ${(mode & 0o7777).toString(8).padStart(4, '0')}`;
    const advice =
      (mode & 0o040) !== 0 && gid !== 0
        ? `add the agent's user to the group ${group}`
        : 'let its group read it and add the agent to that, or run the agent by its own unit, which may read every log';
    return `may not be read by this user: ${rights}; ${advice}`;
  } catch {
    // Not even looked at: the way to it is closed.
    return 'may not be read by this user: a folder on the way to it is closed; run the agent by its own unit, which may read every log';
  }
}

function nameOf(table: string, id: number): string {
  try {
    const entry = readFileSync(table, 'utf8')
      .split('\n')
      .find((line) => line.split(':')[2] === String(id));
    return entry?.split(':')[0] ?? String(id);
  } catch {
    // Names may come from elsewhere; the number is right too.
    return String(id);
  }
}
