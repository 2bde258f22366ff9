// `npm run test:systemd`: both packages in a booted Debian without Node, from installation to purge.
// Must never pass in silence where it can't run: it says SKIPPED and why.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeServiceRepository } from '../../examples/demo/service-repository.ts';
import { installArchive } from './chapters/archive.ts';
import { install } from './chapters/installation.ts';
import { prove } from './chapters/proof.ts';
import { remove } from './chapters/removal.ts';
import { survive } from './chapters/survival.ts';
import { upgrade } from './chapters/upgrade.ts';
import { Container, ensureRoot, hasRoot, whyNot } from './container.ts';
import { buildNextRelease, buildPackages } from './next-release.ts';
import { Witness } from './witness.ts';

/** As automake has it: neither passed nor failed. */
const exitSkipped = 77;

const usage = `Usage: npm run test:systemd -- [options]

Boots a Debian with systemd-nspawn and installs, kills, upgrades, removes and purges the packages in it. Takes root.

Options:
  --packages DIR  packages of this release, and the tarball; default: built now
  --next DIR      packages of the release after it; default: built now, with one more step of the schema
  --cache DIR     where the Debian root is kept that debootstrap makes (default ~/.cache/hephaestus-systemd)
  --cached-only   exit with ${exitSkipped} where there is no root yet, instead of making one
  --help          print this help
`;

const { values } = parseArgs({
  options: {
    packages: { type: 'string' },
    next: { type: 'string' },
    cache: { type: 'string', default: join(homedir(), '.cache', 'hephaestus-systemd') },
    'cached-only': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const project = join(import.meta.dirname, '..', '..');

async function main(): Promise<number> {
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const reason =
    whyNot() ??
    (values['cached-only'] && !hasRoot(values.cache) ? `no root in ${values.cache}; npm run test:systemd makes one` : undefined);
  if (reason !== undefined) {
    console.log(`SKIPPED: ${reason}`);
    return exitSkipped;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'hephaestus-packages-'));
  try {
    const first = values.packages ?? join(scratch, 'first');
    const next = values.next ?? join(scratch, 'next');
    if (values.packages === undefined) buildPackages(project, first, 'deb,tar');
    if (values.next === undefined) buildNextRelease(project, join(scratch, 'sources'), next);
    return await judge(ensureRoot(values.cache), first, next);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function judge(base: string, first: string, next: string): Promise<number> {
  const container = new Container(base);
  const witness = new Witness(container);
  const startedAt = performance.now();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      console.log(`ended by ${signal}`);
      void container.end().finally(() => process.exit(1));
    });
  }
  try {
    place(first, join(container.root, 'root', 'first'), /_amd64\.deb$/);
    place(next, join(container.root, 'root', 'next'), /_amd64\.deb$/);
    const archive = readdirSync(first).find((name) => name.endsWith('-linux-x64.tar.xz'));
    // Unpacked from outside: the root is so small that it has no xz.
    if (archive !== undefined) unpack(join(first, archive), join(container.root, 'root', 'archive'));
    await makeServiceRepository(join(project, 'examples', 'orders', 'service'), join(container.root, 'srv'), Date.now());
    // Debootstrap leaves it to an installer.
    writeFileSync(join(container.root, 'etc', 'hosts'), '127.0.0.1 localhost\n::1 localhost\n');
    await container.boot();
    await install(witness);
    await survive(witness);
    await prove(witness);
    await upgrade(witness);
    remove(witness);
    if (archive === undefined) console.log('SKIPPED: no tarball among the packages that were given');
    else await installArchive(witness);
  } finally {
    if (witness.failed > 0)
      console.log(container.run('journalctl -u hephaestus-agent -u hephaestus-coordinator -o cat -n 60 --no-pager').output.slice(-8000));
    await container.end();
  }
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.log(witness.failed === 0 ? `all passed (${seconds} s)` : `${witness.failed} failed (${seconds} s)`);
  return witness.failed === 0 ? 0 : 1;
}

function place(from: string, to: string, names: RegExp): void {
  mkdirSync(to, { recursive: true });
  const found = existsSync(from) ? readdirSync(from).filter((name) => names.test(name)) : [];
  if (found.length === 0) throw new Error(`${from} holds no packages`);
  for (const name of found) copyFileSync(join(from, name), join(to, name));
}

function unpack(archive: string, folder: string): void {
  mkdirSync(folder);
  execFileSync('tar', ['-xf', archive, '-C', folder, '--strip-components=1']);
}

process.exitCode = await main();
