// How a repository's own CI runs its tests, as a hint where nothing else says it: workflows of GitHub, Gitea and Forgejo, GitLab's file, tox.ini.
// Must never take a step that needs the CI's own variables or services, or more than the one command that tests.
import { readFile, readdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { parse } from 'yaml';

export interface CiTest {
  readonly command: readonly string[];
  /** The file that shows it. */
  readonly origin: string;
}

const workflowFolders = ['.github/workflows', '.gitea/workflows', '.forgejo/workflows'];
const mostFiles = 12;
const mostBytes = 200_000;

/** What begins a command that tests; the rest of its line goes along. */
const testing =
  /^(?:(?:npx|pnpm exec|yarn|poetry run|uv run|pipenv run|bundle exec|hatch run)\s+)?(?:(?:npm|pnpm|yarn|bun)(?:\s+run)?\s+(?:t|test(?::[\w-]+)?|unit)\b|(?:python3?\s+-m\s+)?(?:pytest|unittest|nose2)\b|py\.test\b|node\s+(?:--\S+\s+)*--test\b|vitest\b|jest\b|mocha\b|go\s+test\b|cargo\s+(?:test|nextest)\b|(?:\.\/)?(?:mvnw?|gradlew?)\s.*\b(?:test|verify|check)\b|make\s+(?:-\S+\s+)*(?:test|check|unit)\b|rspec\b|rake\s+(?:test|spec)\b|(?:vendor\/bin\/)?phpunit\b|dotnet\s+test\b|ctest\b|deno\s+test\b)/;

/** Installing and starting things is the setup's, and expressions are the CI's. */
const unfit = /\$\{\{|\$[A-Z_{]|[;&|<>`]|\\$/;

interface Step {
  readonly line: string;
  /** Relative to the repository; `.` is its root. */
  readonly folder: string;
  readonly origin: string;
}

/** @param directory a checkout of the base revision @param names of its root */
export async function findCiTest(directory: string, names: ReadonlySet<string>): Promise<CiTest | undefined> {
  const steps: Step[] = [];
  for (const path of await ciFiles(directory, names)) {
    const text = await readFile(join(directory, path), 'utf8').catch(() => '');
    if (text.length <= mostBytes) steps.push(...(path.endsWith('.ini') ? toxSteps(text) : yamlSteps(text, path)));
  }
  const step = steps.find(({ line, folder }) => testing.test(line) && !unfit.test(line) && isInside(folder));
  if (step === undefined) return undefined;
  const into = step.folder === '.' ? '' : `cd '${step.folder}' && `;
  return { command: ['sh', '-c', `PATH="$PWD/node_modules/.bin:$PATH"; ${into}${step.line}`], origin: step.origin };
}

async function ciFiles(directory: string, names: ReadonlySet<string>): Promise<readonly string[]> {
  const found: string[] = [];
  for (const folder of workflowFolders) {
    const files = await readdir(join(directory, folder)).catch(() => []);
    found.push(
      ...files
        .filter((name) => /\.ya?ml$/.test(name))
        .toSorted(byPromise)
        .map((name) => `${folder}/${name}`),
    );
  }
  return [...found.slice(0, mostFiles), ...['.gitlab-ci.yml', '.gitlab-ci.yaml', 'tox.ini'].filter((name) => names.has(name))];
}

/** Files that are called after tests before those that release or lint. */
function byPromise(a: string, b: string): number {
  const weight = (name: string): number => (/test/i.test(name) ? 0 : /^(?:ci|build|main)\b/i.test(name) ? 1 : 2);
  return weight(a) - weight(b) || (a < b ? -1 : 1);
}

function yamlSteps(text: string, origin: string): readonly Step[] {
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 100 });
  } catch {
    // A file that its own CI can't read either is no hint.
    return [];
  }
  const jobs = isRecord(document) && isRecord(document['jobs']) ? document['jobs'] : document;
  if (!isRecord(jobs)) return [];
  return Object.values(jobs).flatMap((job) => (isRecord(job) ? stepsOf(job, origin) : []));
}

function stepsOf(job: Readonly<Record<string, unknown>>, origin: string): readonly Step[] {
  const usual = folderOf(isRecord(job['defaults']) && isRecord(job['defaults']['run']) ? job['defaults']['run'] : {}) ?? '.';
  const steps = Array.isArray(job['steps']) ? job['steps'].filter(isRecord) : [];
  const actions = steps.flatMap((step) => (typeof step['run'] === 'string' ? linesOf(step['run'], folderOf(step) ?? usual, origin) : []));
  // GitLab's `script` is a line or a list of lines; a `cd` holds for what follows.
  const script = typeof job['script'] === 'string' ? [job['script']] : Array.isArray(job['script']) ? job['script'] : [];
  const lines = script.filter((line): line is string => typeof line === 'string').join('\n');
  return [...actions, ...linesOf(lines, '.', origin)];
}

function folderOf(step: Readonly<Record<string, unknown>>): string | undefined {
  const folder = step['working-directory'];
  return typeof folder === 'string' ? posix.normalize(folder).replace(/\/$/, '') : undefined;
}

function linesOf(text: string, folder: string, origin: string): readonly Step[] {
  let current = folder;
  return text.split('\n').flatMap((raw) => {
    const line = raw.trim();
    const into = /^cd\s+([\w./-]+)$/.exec(line)?.[1];
    if (into === undefined) return [{ line, folder: current, origin }];
    current = posix.join(current, into);
    return [];
  });
}

/** The `commands` of `[testenv]`: options that are asked for on the command line have no value here. */
function toxSteps(text: string): readonly Step[] {
  const section = /^\[testenv\]\s*$([\s\S]*?)(?=^\[|(?![\s\S]))/m.exec(text)?.[1] ?? '';
  const commands = /^commands\s*=((?:.*)(?:\n[ \t]+.*)*)/m.exec(section)?.[1] ?? '';
  return commands
    .split('\n')
    .map((line) =>
      line
        .trim()
        .replaceAll(/\{posargs(?::([^}]*))?\}/g, '$1')
        .replaceAll('{envpython}', 'python3')
        .trim(),
    )
    .filter((line) => line !== '' && !line.includes('{'))
    .map((line) => ({ line: line.replace(/^python\s/, 'python3 '), folder: '.', origin: 'tox.ini' }));
}

function isInside(folder: string): boolean {
  return /^[\w./-]+$/.test(folder) && !folder.startsWith('/') && !folder.split('/').includes('..');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
