// Runs a benchmark by name: `npm run bench -- NAME [--data PATH] [--json FILE]`.
// Must never measure anything itself; each benchmark is a file beside this one that exports `run`.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

/** What a benchmark gets. */
export interface BenchmarkOptions {
  /** Folder that holds the data sets; by default the one shared beside the repository. */
  readonly data: string;
  /** Folder with clones of repositories, for those that read them. */
  readonly repositories: string | undefined;
  /** Arguments behind the name that the runner doesn't know. */
  readonly rest: readonly string[];
  /** For benchmarks that ask a model: `PROVIDER:NAME`, with `@URL` where it isn't the usual one. */
  readonly model?: string | undefined;
  /** Holds its API key. */
  readonly keyFile?: string | undefined;
}

/** What a benchmark gives back. Rates are fractions, 0–1. */
export interface BenchmarkResult {
  readonly figures: Readonly<Record<string, number>>;
  readonly conditions: Readonly<Record<string, string | number | boolean>>;
  /** Lines for people, printed above the figures. */
  readonly table?: readonly string[];
}

const here = dirname(fileURLToPath(import.meta.url));

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      data: { type: 'string' },
      json: { type: 'string' },
      repositories: { type: 'string' },
      model: { type: 'string' },
      'key-file': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
    allowPositionals: true,
  });
  const [name, ...rest] = positionals;
  const known = readdirSync(here)
    .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
    .map((file) => file.slice(0, -3));
  if (values.help === true || name === undefined) {
    console.log(
      `Usage: npm run bench -- NAME [--data PATH] [--repositories DIR] [--model PROVIDER:NAME[@URL] [--key-file FILE]] [--json FILE]\nFiles here: ${known.join(', ')}`,
    );
    return values.help === true ? 0 : 2;
  }
  const file = join(here, `${name}.ts`);
  if (!/^[a-z][a-z0-9-]*$/.test(name) || !existsSync(file)) {
    console.error(`There is no benchmark called ${name}. Files here: ${known.join(', ')}`);
    return 2;
  }
  const module = (await import(pathToFileURL(file).href)) as { run?: (options: BenchmarkOptions) => Promise<BenchmarkResult> };
  if (module.run === undefined) {
    console.error(`${name} is no benchmark: it exports no run().`);
    return 2;
  }
  const data = resolve(values.data ?? join(here, '..', '..', 'shared', 'data'));
  const repositories = values.repositories === undefined ? undefined : resolve(values.repositories);
  const result = await module.run({ data, repositories, model: values.model, keyFile: values['key-file'], rest });
  for (const line of result.table ?? []) console.log(line);
  for (const [figure, value] of Object.entries(result.figures)) console.log(`${figure.padEnd(28)} ${Number(value.toFixed(4))}`);
  if (values.json !== undefined) {
    const conditions = { node: process.version, ...result.conditions };
    writeFileSync(values.json, `${JSON.stringify({ benchmark: name, figures: result.figures, conditions }, null, 2)}\n`);
  }
  return 0;
}

process.exitCode = await main();
