// The data of the repair benchmarks: edit cases, demos and single-file programs, read from a folder laid out like shared/data/repair.
// Must never change it, or know a case by its name.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The folder itself, or `repair` inside the one that is given. @throws Error if neither has the data. */
export function findRepairData(data: string): string {
  for (const folder of [data, join(data, 'repair')]) {
    if (existsSync(join(folder, 'edits')) || existsSync(join(folder, 'demos')) || existsSync(join(folder, 'quixbugs'))) return folder;
  }
  throw new Error(`no repair data in ${data}: it needs edits/, demos/ or quixbugs/ (give another folder with --data)`);
}

export interface EditCase {
  readonly id: string;
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  readonly links: ReadonlySet<string>;
  readonly edits: readonly unknown[] | undefined;
  readonly response: string | undefined;
  readonly expect: 'apply' | 'refuse';
  readonly reason: string | undefined;
  readonly after: ReadonlyMap<string, string> | undefined;
  readonly afterHashes: Readonly<Record<string, string>> | undefined;
}

interface RawCase {
  readonly id: string;
  readonly files: Readonly<Record<string, string>> | null;
  readonly files_gen?: string;
  readonly edits: readonly unknown[] | null;
  readonly raw_response: string | null;
  readonly expect: 'apply' | 'refuse';
  readonly reason_code: string | null;
  readonly files_after?: Readonly<Record<string, string>> | null;
  readonly files_after_sha256?: Readonly<Record<string, string>>;
}

export function readEditCases(folder: string): readonly EditCase[] {
  const path = join(folder, 'edits', 'cases.jsonl');
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => readEditCase(JSON.parse(line) as RawCase));
}

function readEditCase(raw: RawCase): EditCase {
  const files = new Map<string, string | Uint8Array>();
  const links = new Set<string>();
  const given = raw.files ?? generateFiles(raw.files_gen ?? '');
  for (const [name, content] of Object.entries(given)) {
    const link = /^(.+) -> /.exec(name)?.[1];
    if (link !== undefined) links.add(link);
    else files.set(bareName(name), content.startsWith('base64:') ? Buffer.from(content.slice(7), 'base64') : content);
  }
  const after =
    raw.files_after === undefined || raw.files_after === null
      ? undefined
      : new Map(Object.entries(raw.files_after).map(([name, text]) => [bareName(name), text]));
  return {
    id: raw.id,
    files,
    links,
    edits: raw.edits ?? undefined,
    response: raw.raw_response ?? undefined,
    expect: raw.expect,
    reason: raw.reason_code ?? undefined,
    after,
    afterHashes: raw.files_after_sha256,
  };
}

/** `run.sh (0755)` names a mode beside the path. */
function bareName(name: string): string {
  return name.replace(/ \(0\d{3}\)$/, '');
}

/** `NAME = ''.join(f'TEXT{i}TEXT' for i in range(N))`: large files are told, not written out. */
function generateFiles(expression: string): Readonly<Record<string, string>> {
  const match = /^(\S+) = ''\.join\(f'(.*)' for i in range\((\d+)\)\)$/.exec(expression);
  if (match?.[1] === undefined || match[2] === undefined) throw new Error(`a case's files can't be generated: ${expression}`);
  const pattern = match[2].replaceAll('\\n', '\n').replaceAll('\\t', '\t');
  return { [match[1]]: Array.from({ length: Number(match[3]) }, (_, index) => pattern.replaceAll('{i}', String(index))).join('') };
}

export interface Demo {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly log: string;
  readonly action: 'change_request' | 'issue';
  readonly test: string | undefined;
  readonly deployedPrefix: string;
  readonly fixedFiles: readonly string[];
  readonly gold: readonly { readonly path: string; readonly search: string; readonly replace: string }[];
}

export function readDemos(folder: string): readonly Demo[] {
  const root = join(folder, 'demos');
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .toSorted()
    .filter((name) => existsSync(join(root, name, 'expected.json')))
    .map((name) => {
      const expected = JSON.parse(readFileSync(join(root, name, 'expected.json'), 'utf8')) as {
        action: 'change_request' | 'issue';
        test: string | null;
        deployed_prefix: string;
        fixed_files: readonly string[];
      };
      const gold = JSON.parse(readFileSync(join(root, name, 'gold_edits.json'), 'utf8')) as { edits: Demo['gold'] };
      return {
        name,
        files: readTree(join(root, name, 'repo')),
        log: readFileSync(join(root, name, 'log.txt'), 'utf8'),
        action: expected.action,
        test: expected.test ?? undefined,
        deployedPrefix: expected.deployed_prefix,
        fixedFiles: expected.fixed_files,
        gold: gold.edits,
      };
    });
}

function readTree(root: string): Readonly<Record<string, string>> {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => statSync(join(root, path)).isFile());
  return Object.fromEntries(paths.toSorted().map((path) => [relative('.', path), readFileSync(join(root, path), 'utf8')]));
}

export interface Program {
  readonly program: string;
  readonly buggy: string;
  readonly fixed: string;
  /** Undefined where the program needs more than plain values. */
  readonly testcases: readonly unknown[] | undefined;
}

export function readPrograms(folder: string): readonly Program[] {
  const path = join(folder, 'quixbugs', 'python.json');
  if (!existsSync(path)) return [];
  const raw = JSON.parse(readFileSync(path, 'utf8')) as readonly (Omit<Program, 'testcases'> & {
    readonly testcases: readonly unknown[] | null;
  })[];
  return raw.map(({ program, buggy, fixed, testcases }) => ({ program, buggy, fixed, testcases: testcases ?? undefined }));
}
