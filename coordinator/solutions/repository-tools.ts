// What a model may do to look around: read, search, list and history of one repository at one revision, and a run of its tests in the sandbox.
// Must never write, leave the repository, or choose a command: tests are run by the repository's own.
import { z } from 'zod';
import type { SyntaxTrees } from '../../base/syntax-tree.ts';
import type { ToolCall } from '../model/model.ts';
import type { RepositoryService } from '../repository/repository.ts';
import { applyAnswer } from './answer-edits.ts';
import { numberLines } from './evidence.ts';
import type { Groundwork } from './groundwork.ts';
import { plainText } from './output-tail.ts';
import type { TestRun } from './test-run.ts';
import type { Toolbox } from './tool-loop.ts';

export interface RepositoryToolsOptions {
  readonly groundwork: Groundwork;
  readonly service: RepositoryService;
  readonly trees: SyntaxTrees;
  readonly runTests: TestRun;
  readonly signal: AbortSignal;
}

const mostCharacters = 12_000;
const mostPaths = 300;
const mostHits = 60;
const mostLines = 400;
const mostCommits = 15;

interface Tool {
  readonly description: string;
  readonly input: z.ZodType;
  run(input: unknown): Promise<string>;
}

/** A tool whose input is checked before it runs. */
function tool<T extends z.ZodType>(description: string, input: T, run: (input: z.output<T>) => Promise<string>): Tool {
  return {
    description,
    input,
    async run(given) {
      const parsed = input.safeParse(given);
      if (parsed.success) return run(parsed.data);
      return `The call can't be read: ${parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')}`;
    },
  };
}

export function repositoryTools(options: RepositoryToolsOptions): Toolbox {
  const { groundwork, service, trees, runTests, signal } = options;
  const { repository, baseCommit } = groundwork;
  const namesakes = async (path: string): Promise<string> => {
    const name = path.split('/').at(-1) ?? path;
    const found = (await service.listFiles(repository, baseCommit)).filter((one) => one.endsWith(`/${name}`)).slice(0, 5);
    return found.length === 0 ? 'None has its name elsewhere.' : `Of its name there are: ${found.join(', ')}`;
  };
  const tools: Readonly<Record<string, Tool>> = {
    read_file: tool(
      'Reads lines of a file, numbered.',
      z.strictObject({ path: z.string(), from: z.number().int().min(1).default(1), to: z.number().int().min(1).optional() }),
      async ({ path, from, to }) => {
        const content = await service.getFileContents(repository, path, baseCommit);
        if (content === undefined) return `There is no file ${path}. ${await namesakes(path)}`;
        if (content.includes(0)) return `${path} is a binary file of ${content.length} bytes.`;
        const last = Math.max(from, Math.min(to ?? from + mostLines, from + mostLines));
        return numberLines(content.toString('utf8'), Math.floor((from + last) / 2), Math.ceil((last - from) / 2));
      },
    ),
    search: tool(
      'Finds lines that hold a text literally, in all files.',
      z.strictObject({ text: z.string().min(2).max(200) }),
      async ({ text }) => {
        const hits = await service.findText(repository, text, baseCommit);
        const shown = hits.slice(0, mostHits).map((hit) => `${hit.path}:${hit.line}: ${hit.text.slice(0, 300)}`);
        return hits.length === 0 ? 'No line holds it.' : [...shown, ...rest(hits.length, mostHits)].join('\n');
      },
    ),
    list_files: tool(
      'Lists paths that begin with a prefix; an empty one lists everything.',
      z.strictObject({ prefix: z.string().default('') }),
      async ({ prefix }) => {
        const found = (await service.listFiles(repository, baseCommit)).filter((path) => path.startsWith(prefix));
        return found.length === 0 ? 'No path begins so.' : [...found.slice(0, mostPaths), ...rest(found.length, mostPaths)].join('\n');
      },
    ),
    history: tool('The newest commits that touched a file.', z.strictObject({ path: z.string() }), async ({ path }) => {
      const commits = await service.history(repository, baseCommit, path, mostCommits);
      const lines = commits.map(
        ({ hash, committedAtMs, author, subject }) => `${hash.slice(0, 10)} ${new Date(committedAtMs).toISOString()} ${author}: ${subject}`,
      );
      return lines.length === 0 ? 'No commit touched it.' : lines.join('\n');
    }),
    run_tests: tool(
      "Runs the repository's own tests, on the code as it is or with a change: paths and SEARCH/REPLACE blocks, as they are written for the final answer. Nothing is kept.",
      z.strictObject({ change: z.string().default('') }),
      async ({ change }) => {
        if (change.trim() === '') return runTests(groundwork, {}, signal);
        const applied = await applyAnswer(change, { groundwork, service, trees });
        return applied.kind === 'refused' ? `The change can't be applied: ${applied.reason}` : runTests(groundwork, applied.files, signal);
      },
    ),
  };
  return {
    definitions: Object.entries(tools).map(([name, { description, input }]) => ({ name, description, parameters: schemaOf(input) })),
    async run(call) {
      const found = Object.hasOwn(tools, call.name) ? tools[call.name] : undefined;
      if (found === undefined) return fence(call, `There is no tool ${call.name}; there are ${Object.keys(tools).join(', ')}.`);
      return fence(call, await found.run(call.input));
    },
  };
}

function schemaOf(input: z.ZodType): Record<string, unknown> {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(input, { io: 'input' });
  return schema;
}

function rest(count: number, shown: number): readonly string[] {
  return count > shown ? [`[… ${count - shown} more; ask for less]`] : [];
}

/** Results are data from strangers, as everything of the repository and the log is. */
function fence({ name }: ToolCall, result: string): string {
  const text = plainText(result);
  const cut =
    text.length <= mostCharacters
      ? text
      : `${text.slice(0, mostCharacters)}\n[… ${text.length - mostCharacters} characters left out; ask for less]`;
  return `<data title=${JSON.stringify(`result of ${name}`.slice(0, 80))}>\n${cut.replaceAll(/^(<\/?data\b)/gim, '\\$1')}\n</data>`;
}
