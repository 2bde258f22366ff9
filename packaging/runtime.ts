// The Node runtime that packages carry: the version of the lock file, for an architecture, without debugging symbols.
// Must never take a file whose checksum isn't the lock file's.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { architectures, type Architecture } from './product.ts';

export type RuntimeOutcome =
  | { readonly kind: 'ready'; readonly path: string; readonly stripped: boolean; readonly licence: string; readonly version: string }
  | { readonly kind: 'unavailable'; readonly reason: string };

interface LockedPackage {
  readonly version: string;
  readonly integrity: string;
}

/** @param folder gets the binary, as `node-ARCHITECTURE` */
export function prepareRuntime(root: string, architecture: Architecture, folder: string): RuntimeOutcome {
  const { node, binutils } = architectures[architecture];
  const name = `node-linux-${node}`;
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, LockedPackage | undefined> };
  const locked = lock.packages[`node_modules/${name}`];
  if (locked === undefined) return { kind: 'unavailable', reason: `package-lock.json has no ${name}` };
  let source = join(root, 'node_modules', name);
  const scratch = mkdtempSync(join(tmpdir(), 'hephaestus-runtime-'));
  try {
    if (!existsSync(join(source, 'bin', 'node'))) {
      const fetched = fetchRuntime(name, locked, scratch);
      if (fetched.kind === 'unavailable') return fetched;
      source = fetched.folder;
    }
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `node-${architecture}`);
    copyFileSync(join(source, 'bin', 'node'), path);
    return {
      kind: 'ready',
      path,
      stripped: strip(path, architecture, binutils),
      licence: readFileSync(join(source, 'LICENSE'), 'utf8'),
      version: locked.version,
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

type FetchOutcome = { readonly kind: 'fetched'; readonly folder: string } | { readonly kind: 'unavailable'; readonly reason: string };

function fetchRuntime(name: string, { version, integrity }: LockedPackage, scratch: string): FetchOutcome {
  try {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', scratch, `${name}@${version}`], {
      cwd: scratch,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (error) {
    return { kind: 'unavailable', reason: `npm pack ${name}@${version} failed: ${error instanceof Error ? error.message : String(error)}` };
  }
  const archive = join(scratch, `${name}-${version}.tgz`);
  const [algorithm = 'sha512', digest] = integrity.split('-', 2);
  if (createHash(algorithm).update(readFileSync(archive)).digest('base64') !== digest)
    throw new Error(`${name}@${version} is not what package-lock.json says`);
  execFileSync('tar', ['-xzf', archive, '-C', scratch, 'package/bin/node', 'package/LICENSE']);
  return { kind: 'fetched', folder: join(scratch, 'package') };
}

/** Symbols are 18 MB of some 126. */
function strip(path: string, architecture: Architecture, binutils: string): boolean {
  const own = architecture === (process.arch === 'x64' ? 'amd64' : process.arch);
  for (const program of [`${binutils}-strip`, ...(own ? ['strip'] : []), 'llvm-strip']) {
    try {
      execFileSync(program, ['--strip-unneeded', path], { stdio: 'ignore' });
      return true;
    } catch {
      // The next may know this architecture.
    }
  }
  return false;
}
