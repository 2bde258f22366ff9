// The copyright file of a package, and the licence texts of everything that is carried in it.
// Must never pass over a component: one without a licence ends the build.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { maintainer, type Product } from './product.ts';

export interface Component {
  readonly name: string;
  readonly version: string;
  /** SPDX, as its package says. */
  readonly licence: string;
  readonly text: string;
}

/** @throws Error naming a component that says nothing of its licence */
export function readComponents(root: string, folders: readonly string[]): readonly Component[] {
  return folders.map((folder) => {
    const place = join(root, folder);
    const { name, version, license } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')) as Record<string, string | undefined>;
    const file = readdirSync(place).find((entry) => /^(?:licen[cs]e|copying)(?:[.-].*)?$/i.test(entry));
    if (license === undefined && file === undefined) throw new Error(`${folder} has no licence`);
    const text =
      file === undefined || !existsSync(join(place, file))
        ? `${license} (the package holds no text of it)`
        : readFileSync(join(place, file), 'utf8');
    return { name: name ?? folder, version: version ?? '', licence: license ?? 'see its text', text };
  });
}

export function copyrightFile(product: Product, components: readonly Component[], year: string): string {
  return [
    `${product.name}, part of Hephaestus.`,
    '',
    `Copyright ${year} The Hephaestus contributors (${maintainer}).`,
    '',
    'Licensed under the Apache License, Version 2.0; on Debian systems its text is in',
    '/usr/share/common-licenses/Apache-2.0.',
    '',
    'It carries the components below, copyright of their authors, each under its own licence. All their',
    `texts and notices are in /usr/share/doc/${product.name}/third-party-notices.gz.`,
    '',
    ...components.map(({ name, version, licence }) => `  ${name} ${version}: ${licence}`),
    '',
  ].join('\n');
}

export function noticesFile(components: readonly Component[]): string {
  const rule = '-'.repeat(78);
  return components.map(({ name, version, text }) => `${rule}\n${name} ${version}\n${rule}\n\n${text.trim()}\n`).join('\n');
}
