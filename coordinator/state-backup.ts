// Backup and restore of the state directory: the database as it was at one moment, the authority, the keys.
// Must never leave half of a state where a whole one was, and never make a file that others can read.
import { createHash } from 'node:crypto';
import { chmod, copyFile, cp, mkdir, mkdtemp, open, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { HephaestusError, errnoOf } from '../base/errors.ts';
import { giveToOwner } from '../base/ownership.ts';
import { describeProcessResult, runProcess } from '../base/process.ts';
import { version } from '../base/version.ts';
import { recordSchemaVersion, stateFiles } from './state-directory.ts';
import { copyDatabase, openDatabase } from './store/database.ts';
import { schemaVersion, schemaVersionOf } from './store/migrations.ts';

/** Mirrors and work trees aren't kept: they are fetched again. */
const keptNames = [
  'ca.crt',
  'ca.key',
  'server.crt',
  'server.key',
  'master.key',
  'admin.token',
  'keys',
  'audit.anchor',
  'ca-next.crt',
  'ca-next.key',
  'ca-previous.crt',
] as const;
const databaseName = 'coordinator.db';
const manifestName = 'manifest.json';
const archiveMinutes = 60;

const manifestSchema = z.object({
  format: z.literal(1),
  program: z.string(),
  schema: z.number().int(),
  madeAt: z.string(),
  /** Path → SHA-256, hex. */
  files: z.record(z.string(), z.string()),
});

/**
 * Writes a .tar.gz that holds all secrets of the coordinator (mode 0600). It may run meanwhile.
 * @returns bytes of the file
 * @throws HephaestusError `state.missing`, `backup.failed`
 */
export async function backupState(directory: string, file: string, nowMs: number): Promise<number> {
  const state = stateFiles(directory);
  if (!(await exists(state.database))) throw failure('state.missing', `${state.database} is not there; nothing to back up`);
  const scratch = await mkdtemp(join(directory, '.backup-'));
  try {
    // The anchor before the database: a log may go on behind its anchor, and never end before it.
    const early: readonly string[] = ['audit.anchor'];
    for (const name of early) if (await exists(join(directory, name))) await cp(join(directory, name), join(scratch, name));
    const schema = await copyDatabase(state.database, join(scratch, databaseName));
    for (const name of keptNames) {
      if (early.includes(name)) continue;
      if (await exists(join(directory, name))) await cp(join(directory, name), join(scratch, name), { recursive: true });
    }
    const files: Record<string, string> = {};
    for (const path of await listFiles(scratch)) files[path] = await digest(join(scratch, path));
    const manifest: z.output<typeof manifestSchema> = { format: 1, program: version, schema, madeAt: new Date(nowMs).toISOString(), files };
    await writeFile(join(scratch, manifestName), `${JSON.stringify(manifest, undefined, 2)}\n`);
    const unfinished = `${file}.part`;
    // Made before tar opens it, so that nobody else ever reads it.
    await (await open(unfinished, 'w', 0o600)).close();
    try {
      await runTar(['-czf', unfinished, '-C', scratch, '.']);
      await rename(unfinished, file);
    } finally {
      await rm(unfinished, { force: true });
    }
    return (await stat(file)).size;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * Puts a backup in place of what is there; that is moved into a folder `replaced-…` beside it. The coordinator must not run.
 * @param file what `backupState` wrote, or a database copy that was made before an upgrade
 * @returns what was done, in words
 * @throws HephaestusError `backup.unusable`, `store.newer`, `state.present`
 */
export async function restoreState(
  directory: string,
  file: string,
  options: { readonly replace: boolean; readonly nowMs: number },
): Promise<readonly string[]> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const present = await presentNames(directory);
  if (present.includes(databaseName) && !options.replace)
    throw failure('state.present', `${directory} holds a coordinator's state; add --replace to put it aside and restore`);
  const scratch = await mkdtemp(join(directory, '.restore-'));
  try {
    const { said, schema } = (await isDatabase(file)) ? await takeDatabase(file, scratch) : await takeArchive(file, scratch);
    const restored = (await readdir(scratch)).filter((name) => name !== manifestName);
    const aside = join(directory, `replaced-${new Date(options.nowMs).toISOString().replaceAll(':', '')}`);
    // Of a bare database only the database is replaced; its log belongs to it.
    const moved = present.filter((name) => restored.includes(name) || name.startsWith(`${databaseName}-`));
    if (moved.length > 0) await mkdir(aside, { mode: 0o700 });
    for (const name of moved) await rename(join(directory, name), join(aside, name));
    // The database last: without it the coordinator doesn't take the directory for whole.
    for (const name of restored.toSorted((left) => (left === databaseName ? 1 : -1)))
      await rename(join(scratch, name), join(directory, name));
    await recordSchemaVersion(directory, schema);
    return moved.length > 0 ? [said, `what was there is in ${aside}`] : [said];
  } finally {
    await rm(scratch, { recursive: true, force: true });
    await giveToOwner(directory);
  }
}

/** What was unpacked, in words, and the version of its schema. */
interface Taken {
  readonly said: string;
  readonly schema: number;
}

async function takeArchive(file: string, scratch: string): Promise<Taken> {
  await runTar(['-xzf', file, '-C', scratch, '--no-same-owner', '--no-same-permissions']);
  const manifest = manifestSchema.safeParse(JSON.parse(await readFile(join(scratch, manifestName), 'utf8').catch(() => 'null')));
  if (!manifest.success)
    throw failure('backup.unusable', `${file} is no backup of a coordinator: its ${manifestName} is missing or unknown`);
  const { files, schema, program, madeAt } = manifest.data;
  const found = (await listFiles(scratch)).filter((path) => path !== manifestName);
  for (const path of new Set([...found, ...Object.keys(files)])) {
    if (!found.includes(path) || (await digest(join(scratch, path))) !== files[path])
      throw failure('backup.unusable', `${file} is damaged: ${path} is not what was backed up`);
    await chmod(join(scratch, path), path.endsWith('.crt') ? 0o644 : 0o600);
  }
  refuseNewer(file, schema);
  return { said: `restored the state of ${madeAt}, made by version ${program}`, schema };
}

async function takeDatabase(file: string, scratch: string): Promise<Taken> {
  const copy = join(scratch, databaseName);
  await copyFile(file, copy);
  await chmod(copy, 0o600);
  const database = openDatabase(copy);
  try {
    const schema = await schemaVersionOf(database);
    refuseNewer(file, schema);
    return { said: `restored the database of ${file}; authority and keys stay as they are`, schema };
  } finally {
    await database.destroy();
  }
}

function refuseNewer(file: string, schema: number): void {
  if (schema <= schemaVersion) return;
  throw failure(
    'store.newer',
    `${file} has schema version ${schema}, this program knows ${schemaVersion}; install the version that made it`,
  );
}

async function runTar(args: readonly string[]): Promise<void> {
  const result = await runProcess({
    command: 'tar',
    args,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    timeoutMs: archiveMinutes * 60_000,
    maxOutputBytes: 4096,
  });
  if (result.kind === 'exited' && result.exitCode === 0) return;
  const detail = 'stderr' in result ? result.stderr.toString('utf8').trim() : '';
  throw failure('backup.failed', `tar: ${describeProcessResult(result)} ${detail}`);
}

/** sqlite.org/fileformat.html#the_database_header */
async function isDatabase(file: string): Promise<boolean> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw failure('backup.unusable', `${file} cannot be read: ${HephaestusError.from(cause).message}`);
  });
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0);
    return buffer.subarray(0, bytesRead).toString('latin1') === 'SQLite format 3\0';
  } finally {
    await handle.close();
  }
}

async function presentNames(directory: string): Promise<readonly string[]> {
  const kept: readonly string[] = keptNames;
  return (await readdir(directory)).filter((name) => kept.includes(name) || name === databaseName || name.startsWith(`${databaseName}-`));
}

async function listFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted();
}

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(path, 'r');
  for await (const chunk of handle.createReadStream()) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return false;
    throw HephaestusError.from(cause);
  }
}

function failure(code: string, message: string): HephaestusError {
  return new HephaestusError({ code, kind: code === 'backup.failed' ? 'operational' : 'validation', message });
}
