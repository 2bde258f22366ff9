// Which revision of each service this host runs: read from a file, from a checkout without git, or from a command of the administrator's.
// Must never hold up a heartbeat: what is asked answers later, and what fails says why.
import { open, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { errnoOf } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { describeProcessResult, runProcess } from '../../base/process.ts';
import type { RunningRevision } from '../record.ts';

/** Exactly one of `file`, `workTree` and `command`. */
export interface RevisionSource {
  readonly service: string;
  readonly file?: string | undefined;
  readonly workTree?: string | undefined;
  readonly command?: readonly string[] | undefined;
}

export interface RevisionReader {
  /** What is known now; asks anew in the background when that is some time ago. */
  read(): readonly RunningRevision[];
}

const refreshMs = 30_000;
const commandTimeoutMs = 10_000;
const longestRead = 4096;
const shape = /^[A-Za-z0-9][A-Za-z0-9._+@/:-]{0,199}$/;

export function createRevisionReader(
  sources: readonly RevisionSource[],
  parts: { readonly clock: Clock; readonly logger: Logger },
): RevisionReader {
  const { clock, logger } = parts;
  const known = new Map<string, RunningRevision>();
  const told = new Map<string, string>();
  let askedAtMs = -Infinity;
  let asking: Promise<void> | undefined;

  async function ask(source: RevisionSource): Promise<void> {
    const { service } = source;
    try {
      const revision = await find(source);
      told.delete(service);
      // The moment that it was first seen: a file's own time may be that of its build.
      if (known.get(service)?.revision !== revision) known.set(service, { service, revision, sinceMs: clock.now() });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      known.delete(service);
      if (told.get(service) !== reason) logger.warn('the revision of a service is not known', { service, reason });
      told.set(service, reason);
    }
  }

  return {
    read() {
      const nowMs = clock.monotonicMs();
      if (sources.length > 0 && asking === undefined && nowMs - askedAtMs >= refreshMs) {
        askedAtMs = nowMs;
        asking = Promise.all(sources.map(ask)).then(() => {
          asking = undefined;
        });
      }
      return [...known.values()];
    },
  };
}

async function find({ file, workTree, command }: RevisionSource): Promise<string> {
  const text =
    file !== undefined ? await headOfFile(file) : workTree !== undefined ? await headOfWorkTree(workTree) : await run(command ?? []);
  const revision = text.split('\n', 1)[0]?.trim() ?? '';
  if (!shape.test(revision)) throw new Error(`its first line is no revision: ${JSON.stringify(revision.slice(0, 60))}`);
  return revision;
}

async function headOfFile(path: string): Promise<string> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(longestRead), 0, longestRead, 0);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await handle.close();
  }
}

async function run(command: readonly string[]): Promise<string> {
  const [program = '', ...args] = command;
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C.UTF-8' };
  const result = await runProcess({ command: program, args, cwd: '/', env, timeoutMs: commandTimeoutMs, maxOutputBytes: longestRead });
  if (result.kind === 'exited' && result.exitCode === 0) return result.stdout.toString('utf8');
  throw new Error(`${program}: ${describeProcessResult(result)}`);
}

/** What git rev-parse HEAD would say (gitrepository-layout), also of linked work trees. */
async function headOfWorkTree(folder: string): Promise<string> {
  const gitFolder = await findGitFolder(folder);
  const head = (await headOfFile(join(gitFolder, 'HEAD'))).trim();
  const reference = /^ref: (refs\/[\w./+@-]+)$/.exec(head)?.[1];
  if (reference === undefined) return head;
  if (reference.includes('..')) throw new Error('its HEAD is no reference');
  // A linked work tree shares its branches with the repository that it belongs to.
  const shared = await readText(join(gitFolder, 'commondir'));
  const common = shared === undefined ? gitFolder : resolve(gitFolder, shared.trim());
  const loose = (await readText(join(gitFolder, reference))) ?? (await readText(join(common, reference)));
  if (loose !== undefined) return loose.trim();
  const packed = await readText(join(common, 'packed-refs'));
  const row = packed?.split('\n').find((line) => line.endsWith(` ${reference}`));
  if (row === undefined) throw new Error(`its branch ${reference} has no commit`);
  return row.slice(0, row.indexOf(' '));
}

async function findGitFolder(folder: string): Promise<string> {
  const path = join(folder, '.git');
  if ((await stat(path)).isDirectory()) return path;
  const target = /^gitdir: (.+)$/m.exec(await headOfFile(path))?.[1];
  if (target === undefined) throw new Error(`${path} names no repository`);
  return resolve(dirname(path), target.trim());
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'EISDIR') return undefined;
    throw error;
  }
}
