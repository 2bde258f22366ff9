// The edits in a model's answer, applied to the base revision: all changed files, or why the answer can't be used.
// Must never apply a part of an answer.
import type { SyntaxTrees } from '../../base/syntax-tree.ts';
import type { RepositoryService } from '../repository/repository.ts';
import { applyEdits } from './edits/apply.ts';
import type { Edit, FileSet } from './edits/edit.ts';
import { readResponse } from './edits/response-reader.ts';
import type { Groundwork } from './groundwork.ts';

export interface AnswerParts {
  readonly groundwork: Groundwork;
  readonly service: RepositoryService;
  readonly trees: SyntaxTrees;
}

export type AppliedAnswer =
  | { readonly kind: 'applied'; readonly files: Readonly<Record<string, string | null>>; readonly count: number }
  /** In words that the author can act on. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Files of one name that are read; an edit may mean any of them. */
const mostNamesakes = 50;

export async function applyAnswer(text: string, parts: AnswerParts): Promise<AppliedAnswer> {
  const reading = readResponse(text);
  if (reading.kind === 'refused') return { kind: 'refused', reason: `${reading.reason}: ${reading.message}` };
  const { allowedPaths } = parts.groundwork.repository;
  const outcome = await applyEdits(await readFiles(reading.edits, parts), reading.edits, { allowedPaths, trees: parts.trees });
  if (outcome.kind === 'applied') return { kind: 'applied', files: outcome.files, count: reading.edits.length };
  return { kind: 'refused', reason: `${outcome.reason}${outcome.path === undefined ? '' : ` in ${outcome.path}`}: ${outcome.message}` };
}

/** All paths of the base revision, with the contents of those that an edit may mean. */
async function readFiles(edits: readonly Edit[], { groundwork, service }: AnswerParts): Promise<FileSet> {
  const { repository, baseCommit, files: known } = groundwork;
  const paths = await service.listFiles(repository, baseCommit);
  const names = new Set(edits.map(({ path }) => baseNameOf(path).replaceAll(/[`*"']/g, '')));
  // What was read with replacements is no UTF-8; its bytes say so.
  const contents = new Map<string, string | Uint8Array>([...known].filter(([, text]) => !text.includes('\uFFFD')));
  for (const path of paths.filter((one) => names.has(baseNameOf(one))).slice(0, mostNamesakes)) {
    if (contents.has(path)) continue;
    const content = await service.getFileContents(repository, path, baseCommit);
    if (content !== undefined) contents.set(path, content);
  }
  // Links are no regular files: the Repository Service has no contents for them, and writeToTree refuses them once more.
  return { paths: new Set(paths), links: new Set(), read: (path) => contents.get(path) };
}

function baseNameOf(path: string): string {
  return path.split('/').at(-1) ?? path;
}
