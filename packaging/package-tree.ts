// What one package installs: every path with its content and mode, and how that becomes a folder.
// Must never depend on the clock, the umask or the order in which a disk lists files: two builds give the same bytes.
import { copyFileSync, chmodSync, linkSync, lutimesSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { schemaVersion } from '../coordinator/store/migrations.ts';
import type { Component } from './licences.ts';
import { copyrightFile, noticesFile } from './licences.ts';
import { completions, manualPage, readHelp } from './manual.ts';
import { maintainer, products, type Product, type Runtime } from './product.ts';

export type TreeEntry =
  | { readonly kind: 'text'; readonly content: string | Buffer; readonly mode: number }
  /** A hard link, so that archives hold a large file once. */
  | { readonly kind: 'link'; readonly source: string; readonly mode: number }
  | { readonly kind: 'copy'; readonly source: string; readonly mode: number };

/** Path without a leading slash → entry. */
export type PackageTree = Map<string, TreeEntry>;

export interface TreeInputs {
  readonly root: string;
  readonly product: Product;
  readonly version: string;
  /** Seconds since 1970; what all files are dated. */
  readonly epoch: number;
  readonly runtime: string;
  /** Where the bundles are. */
  readonly bundles: string;
  readonly components: readonly Component[];
  /** Of a command: what it prints with these words. */
  readonly ask: (bundle: string, words: readonly string[]) => string;
}

const program = 0o755;
const plain = 0o644;

export function layOut(inputs: TreeInputs): PackageTree {
  const { root, product, version, components, ask } = inputs;
  const { name, configuration } = product;
  const tree: PackageTree = new Map();
  const text = (path: string, content: string | Buffer, mode = plain): void => void tree.set(path, { kind: 'text', content, mode });
  const copy = (path: string, source: string, mode = plain): void =>
    void tree.set(path, { kind: 'copy', source: join(root, source), mode });
  const home = `usr/lib/${name}`;
  const documents = `usr/share/doc/${name}`;

  tree.set(`${home}/bin/node`, { kind: 'link', source: inputs.runtime, mode: program });
  for (const [module, files] of Object.entries(product.besideBundle))
    for (const file of files) copy(`${home}/node_modules/${module}/${file}`, `node_modules/${module}/${file}`);

  for (const { bundle } of product.helpers) copy(`${home}/${bundle}`, join(inputs.bundles, bundle));

  const date = new Date(inputs.epoch * 1000).toISOString().slice(0, 10);
  const pages = products.flatMap(({ programs }) => programs).map(({ command, section }) => `${command}(${section})`);
  for (const each of product.programs) {
    const { command, section, bundle } = each;
    copy(`${home}/${bundle}`, join(inputs.bundles, bundle));
    text(`usr/bin/${command}`, launcher(`/${home}/bin/node`, `/${home}/${bundle}`, each.runtime), program);
    const help = ask(bundle, ['--help']);
    const others = pages.filter((page) => !page.startsWith(`${command}(`));
    text(`usr/share/man/man${section}/${command}.${section}.gz`, zip(manualPage(each, help, version, date, others)));
    const shells = command === 'hephaestusctl' ? ownCompletions(bundle, ask) : completions(command, readHelp(help));
    text(`usr/share/bash-completion/completions/${command}`, shells.bash);
    text(`usr/share/zsh/vendor-completions/_${command}`, shells.zsh);
    text(`usr/share/fish/vendor_completions.d/${command}.fish`, shells.fish);
  }

  copy(`lib/systemd/system/${name}.service`, `systemd/${name}.service`);
  copy(`usr/lib/sysusers.d/${name}.conf`, `systemd/${name}.sysusers`);
  copy(`usr/lib/tmpfiles.d/${name}.conf`, `systemd/${name}.tmpfiles`);
  const example = `packaging/configuration/${configuration}.yaml`;
  copy(`${documents}/examples/${configuration}.yaml`, example);
  if (product.configurationIsInstalled) copy(`etc/hephaestus/${configuration}.yaml`, example);
  copy(`usr/share/hephaestus/${configuration}.schema.json`, `packaging/schema/${configuration}.schema.json`);
  if (configuration === 'coordinator') {
    // For installers, which can't read a database.
    text(`${home}/schema-version`, `${schemaVersion}\n`);
    copy(`${documents}/examples/prometheus-rules.yaml`, 'packaging/prometheus-rules.yaml');
    copy(`${documents}/examples/grafana-dashboard.json`, 'packaging/grafana-dashboard.json');
  }
  text(`${documents}/copyright`, copyrightFile(product, components, date.slice(0, 4)));
  text(`${documents}/third-party-notices.gz`, zip(noticesFile(components)));
  text(`${documents}/changelog.gz`, zip(debianChangelog(inputs)));
  copy(`${documents}/CHANGELOG.md`, 'CHANGELOG.md');
  copy(`usr/share/lintian/overrides/${name}`, `packaging/debian/${name}.lintian-overrides`);
  return new Map([...tree].toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

/** The folder and all in it are dated `epoch`; owners are the archive's business. */
export function writeTree(tree: PackageTree, folder: string, epoch: number): void {
  for (const [path, entry] of tree) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    if (entry.kind === 'text') writeFileSync(target, entry.content);
    else if (entry.kind === 'copy') copyFileSync(entry.source, target);
    else linkSync(entry.source, target);
    chmodSync(target, entry.mode);
  }
  dateAll(folder, epoch);
}

export function dateAll(folder: string, epoch: number): void {
  chmodSync(folder, program);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) dateAll(path, epoch);
    else lutimesSync(path, epoch, epoch);
  }
  lutimesSync(folder, epoch, epoch);
}

/** What /usr/bin has: a shell in between that gives way, so that systemd's main process is the runtime itself. */
export function launcher(node: string, bundle: string, { flags, environment }: Runtime): string {
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}=${value}\n`);
  return `#!/bin/sh\n${exports.join('')}exec ${node} ${flags.join(' ')} ${bundle} "$@"\n`;
}

function ownCompletions(bundle: string, ask: TreeInputs['ask']): { bash: string; zsh: string; fish: string } {
  return { bash: ask(bundle, ['completion', 'bash']), zsh: ask(bundle, ['completion', 'zsh']), fish: ask(bundle, ['completion', 'fish']) };
}

/** What changed is told in CHANGELOG.md beside it; this is the form that Debian's tools read. */
function debianChangelog({ product, version, epoch }: TreeInputs): string {
  const day = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');
  return `${product.name} (${version}) stable; urgency=medium\n\n  * Version ${version}; see CHANGELOG.md.\n\n -- ${maintainer}  ${day}\n`;
}

/** Without a name or a time in it. */
function zip(content: string): Buffer {
  return gzipSync(content, { level: 9 });
}
