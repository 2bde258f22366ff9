// Bundles the programs' sources into one file each, and says which packages went into them.
// Must never take a package that the lock file doesn't have: esbuild reads node_modules only.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Product } from './product.ts';

/** CommonJS dependencies call `require` for Node's own modules. */
const banner = "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);";

/** @returns folders below node_modules whose files were bundled, sorted */
export async function bundlePrograms(root: string, product: Product, folder: string): Promise<readonly string[]> {
  const packages = new Set<string>();
  for (const { entry, bundle } of [...product.programs, ...product.helpers]) {
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: [entry],
      outfile: join(folder, bundle),
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      // Names stay, so that stack traces in bug reports can be read.
      minifyWhitespace: true,
      minifySyntax: true,
      keepNames: false,
      legalComments: 'none',
      // A single character beyond Latin-1 would have the runtime keep the whole text with two bytes each.
      charset: 'ascii',
      external: Object.keys(product.besideBundle),
      banner: { js: banner },
      metafile: true,
      logLevel: 'error',
    });
    const file = join(folder, bundle);
    // It is run by the wrapper and never by itself.
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^#!.*\n/, ''));
    for (const input of Object.keys(metafile.inputs)) {
      const name = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
      if (name !== undefined) packages.add(name);
    }
  }
  for (const name of Object.keys(product.besideBundle)) packages.add(`node_modules/${name}`);
  return [...packages].toSorted();
}
