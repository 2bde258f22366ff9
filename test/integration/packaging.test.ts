// Packages are the same bytes each time, wherever and whenever they are built.
// Must never build the real runtime in; a small file stands for it, everything else is real.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { grammarOf } from '../../base/syntax-tree.ts';
import { schemaVersion } from '../../coordinator/store/migrations.ts';
import { bundlePrograms } from '../../packaging/bundles.ts';
import { makeDebianPackage } from '../../packaging/debian-package.ts';
import { readComponents } from '../../packaging/licences.ts';
import { layOut, writeTree } from '../../packaging/package-tree.ts';
import { grammars, products, type Product } from '../../packaging/product.ts';

const root = join(import.meta.dirname, '..', '..');
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function buildOnce(product: Product, umask: number): Promise<{ readonly file: string; readonly digest: string }> {
  const before = process.umask(umask);
  try {
    const folder = mkdtempSync(join(tmpdir(), 'hephaestus-packaging-'));
    folders.push(folder);
    const runtime = join(folder, 'node');
    writeFileSync(runtime, 'stands for a runtime');
    const bundles = join(folder, 'bundles');
    const bundled = await bundlePrograms(root, product, bundles);
    symlinkSync(join(root, 'node_modules'), join(bundles, 'node_modules'));
    const options = { root, product, version: '1.2.3', epoch: 1_700_000_000 };
    const ask = (bundle: string, words: readonly string[]): string =>
      execFileSync(process.execPath, [join(bundles, bundle), ...words], { encoding: 'utf8', env: {} });
    const components = readComponents(root, bundled);
    const tree = layOut({ ...options, runtime, bundles: relative(root, bundles), components, ask });
    mkdirSync(join(folder, 'tree'));
    writeTree(tree, join(folder, 'tree'), options.epoch);
    const file = makeDebianPackage({ ...options, architecture: 'amd64', compression: 0 }, tree, join(folder, 'tree'), folder);
    return { file, digest: createHash('sha256').update(readFileSync(file)).digest('hex') };
  } finally {
    process.umask(before);
  }
}

describe('packages', () => {
  it.skipIf(spawnSync('dpkg-deb', ['--version']).status !== 0).each(products)(
    'are the same bytes twice: $name',
    async (product) => {
      const { digest } = await buildOnce(product, 0o022);
      const second = await buildOnce(product, 0o077);
      expect(second.digest).toBe(digest);
      if (product.name === 'hephaestus-coordinator')
        // What an older package compares a database with.
        expect(execFileSync('dpkg-deb', ['--info', second.file, 'preinst'], { encoding: 'utf8' })).toContain(`known=${schemaVersion}\n`);
    },
    120_000,
  );

  it('carry every grammar that is used', () => {
    const paths = 'a.js a.ts a.tsx a.py a.go a.java a.rb a.rs a.php a.cs a.c a.sh a.css'.split(' ');
    expect(new Set(paths.map((path) => grammarOf(path)))).toEqual(new Set(grammars));
  });
});
