// `npm run package`: the .deb packages and a tarball with an installer, from the lock file, the same bytes each time.
// Must never reach for anything that the lock file doesn't name, nor leave out a part in silence.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { version } from '../base/version.ts';
import { bundlePrograms } from './bundles.ts';
import { makeDebianPackage } from './debian-package.ts';
import { readComponents } from './licences.ts';
import { dateAll, layOut, writeTree } from './package-tree.ts';
import { architectures, products, type Architecture, type Product } from './product.ts';
import { prepareRuntime } from './runtime.ts';

const help = `Usage: npm run package -- [options]

Builds hephaestus-agent and hephaestus-coordinator (with hephaestusctl), each with its own runtime.

Options:
  --out DIR            where to (default dist/packages)
  --architecture LIST  amd64,arm64 (the default); one whose runtime can't be had is skipped, loudly
  --format LIST        deb,tar (the default)
  --compression N      of xz, 0 to 9 (default 6), or none, for trying things out
  --version TEXT       instead of the program's own, for trying an upgrade
  --help               print this help
`;

const root = dirname(import.meta.dirname);

interface Request {
  readonly out: string;
  readonly formats: readonly string[];
  readonly compression: number | undefined;
  readonly version: string;
  readonly epoch: number;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: join(root, 'dist', 'packages') },
      architecture: { type: 'string', default: 'amd64,arm64' },
      format: { type: 'string', default: 'deb,tar' },
      compression: { type: 'string', default: '6' },
      version: { type: 'string', default: version },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const wanted = values.architecture.split(',');
  const unknown = wanted.find((name) => !(name in architectures));
  if (unknown !== undefined || !/^(?:[0-9]|none)$/.test(values.compression)) {
    process.stderr.write(
      `package: ${unknown === undefined ? '--compression must be 0 to 9, or none' : `there is no architecture ${unknown}`}\n`,
    );
    return 2;
  }
  const request: Request = {
    out: values.out,
    formats: values.format.split(','),
    compression: values.compression === 'none' ? undefined : Number(values.compression),
    version: values.version,
    epoch: sourceDate(),
  };
  const work = join(request.out, 'work');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const bundles = join(work, 'bundles');
  const folders = new Map<Product, readonly string[]>();
  for (const product of products) folders.set(product, await bundlePrograms(root, product, bundles));
  // Programs are asked for their help here, and load what will be beside them.
  symlinkSync(join(root, 'node_modules'), join(bundles, 'node_modules'));
  let built = 0;
  for (const architecture of wanted as Architecture[]) built += buildFor(architecture, request, work, bundles, folders) ? 1 : 0;
  rmSync(work, { recursive: true, force: true });
  return built === 0 ? 1 : 0;
}

function buildFor(
  architecture: Architecture,
  request: Request,
  work: string,
  bundles: string,
  folders: ReadonlyMap<Product, readonly string[]>,
): boolean {
  const runtime = prepareRuntime(root, architecture, work);
  if (runtime.kind === 'unavailable') {
    process.stderr.write(`SKIPPED: no packages for ${architecture}: ${runtime.reason}\n`);
    return false;
  }
  if (!runtime.stripped)
    process.stderr.write(
      `WARNING: no strip for ${architecture} here (binutils); its runtime keeps its symbols and the packages are larger\n`,
    );
  const node = { name: 'Node.js', version: runtime.version, licence: 'MIT and others', text: runtime.licence };
  const name = `hephaestus-${request.version}-linux-${architectures[architecture].node}`;
  const archive = join(work, name);
  for (const product of products) {
    const tree = layOut({
      root,
      product,
      version: request.version,
      epoch: request.epoch,
      runtime: runtime.path,
      bundles: relative(root, bundles),
      components: [node, ...readComponents(root, folders.get(product) ?? [])],
      ask: (bundle, words) => execFileSync(process.execPath, [join(bundles, bundle), ...words], { encoding: 'utf8', env: {} }),
    });
    if (request.formats.includes('deb')) {
      const folder = join(work, architecture, product.name);
      writeTree(tree, folder, request.epoch);
      report(makeDebianPackage({ ...request, root, product, architecture }, tree, folder, request.out));
      rmSync(folder, { recursive: true });
    }
    if (request.formats.includes('tar')) writeTree(tree, join(archive, product.configuration), request.epoch);
  }
  if (request.formats.includes('tar')) {
    copyFileSync(join(root, 'packaging', 'install.sh'), join(archive, 'install.sh'));
    dateAll(archive, request.epoch);
    report(makeTarball(archive, name, request));
  }
  return true;
}

/** Both products share the runtime in it, as a hard link. */
function makeTarball(folder: string, name: string, { out, epoch, compression }: Request): string {
  const file = join(out, `${name}.tar.xz`);
  const sorted = ['--sort=name', '--format=gnu', `--mtime=@${epoch}`, '--owner=0', '--group=0', '--numeric-owner'];
  execFileSync('tar', [...sorted, '-C', dirname(folder), `--use-compress-program=xz -T1 -${compression ?? 0}`, '-cf', file, name], {
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return file;
}

function report(file: string): void {
  process.stdout.write(`${relative(process.cwd(), file)}  ${(statSync(file).size / 1e6).toFixed(1)} MB\n`);
}

/** SOURCE_DATE_EPOCH, or when the last commit was made (reproducible-builds.org/specs/source-date-epoch). */
function sourceDate(): number {
  const given = process.env['SOURCE_DATE_EPOCH'];
  if (given !== undefined) return Number(given);
  return Number(execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }).trim());
}

process.exitCode = await main();
