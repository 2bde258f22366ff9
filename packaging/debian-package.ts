// One .deb: control file, checksums, maintainer scripts, and dpkg-deb over the folder.
// Must never know what is in the folder beyond its names.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { schemaVersion } from '../coordinator/store/migrations.ts';
import { dateAll, type PackageTree } from './package-tree.ts';
import { maintainer, type Architecture, type Product } from './product.ts';

export interface DebianOptions {
  readonly root: string;
  readonly product: Product;
  readonly version: string;
  readonly architecture: Architecture;
  readonly epoch: number;
  /** Of xz, 0 to 9; undefined: none. */
  readonly compression: number | undefined;
}

const scripts = ['preinst', 'postinst', 'prerm', 'postrm'] as const;

/** @param folder holds the files of `tree` already. @returns the file that was made */
export function makeDebianPackage(options: DebianOptions, tree: PackageTree, folder: string, into: string): string {
  const { root, product, architecture, version, epoch } = options;
  const control = join(folder, 'DEBIAN');
  mkdirSync(control, { recursive: true });
  let bytes = 0;
  const sums = [...tree.keys()].map((path) => {
    const content = readFileSync(join(folder, path));
    bytes += content.length;
    return `${createHash('md5').update(content).digest('hex')}  ${path}\n`;
  });
  writeFileSync(join(control, 'md5sums'), sums.join(''));
  writeFileSync(join(control, 'control'), controlFile(options, bytes));
  const settings = [...tree.keys()].filter((path) => path.startsWith('etc/'));
  if (settings.length > 0) writeFileSync(join(control, 'conffiles'), settings.map((path) => `/${path}\n`).join(''));
  for (const name of scripts) {
    const source = join(root, 'packaging', 'debian', `${product.name}.${name}`);
    if (!existsSync(source)) continue;
    writeFileSync(join(control, name), readFileSync(source, 'utf8').replace('@SCHEMA_VERSION@', String(schemaVersion)));
  }
  chmodSync(control, 0o755);
  for (const name of ['md5sums', 'control', 'conffiles', ...scripts]) {
    const path = join(control, name);
    if (existsSync(path)) chmodSync(path, (scripts as readonly string[]).includes(name) ? 0o755 : 0o644);
  }
  dateAll(folder, epoch);
  const file = join(into, `${product.name}_${version}_${architecture}.deb`);
  // One thread: the others' blocks would be others bytes.
  const packing = options.compression === undefined ? ['-Znone'] : ['-Zxz', `-z${options.compression}`, '--threads-max=1'];
  execFileSync('dpkg-deb', ['--root-owner-group', ...packing, '--build', folder, file], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', SOURCE_DATE_EPOCH: String(epoch), LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return file;
}

function controlFile({ product, version, architecture }: DebianOptions, bytes: number): string {
  return [
    `Package: ${product.name}`,
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    `Maintainer: ${maintainer}`,
    `Installed-Size: ${Math.ceil(bytes / 1024)}`,
    `Depends: ${product.depends}`,
    ...(product.recommends === undefined ? [] : [`Recommends: ${product.recommends}`]),
    'Section: admin',
    'Priority: optional',
    `Description: ${product.synopsis}`,
    ...product.description.map((line) => ` ${line}`),
    '',
  ].join('\n');
}
