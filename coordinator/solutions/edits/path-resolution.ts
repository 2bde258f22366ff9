// Which file of the repository a model's path means.
// Must never leave the repository, guess a different case, or choose between two files.
import { posix } from 'node:path';
import { refuse, type FileSet, type Refusal } from './edit.ts';
import { judgePath } from './path-policy.ts';

export type ResolvedPath = { readonly kind: 'path'; readonly path: string } | Refusal;

/** The path of a file that exists. */
export function resolveExisting(given: string, files: FileSet, allowedPaths: readonly string[]): ResolvedPath {
  const slashed = cleanPath(given).replaceAll('\\', '/');
  // A path in another system's way of writing, if it is one of ours; anything else with a backslash is refused below.
  const clean = files.paths.has(slashed) ? slashed : cleanPath(given);
  const refused = judge(clean, files, allowedPaths);
  // Protected by the name it was given, whether it exists or not.
  if (refused !== undefined) return refused;
  if (files.paths.has(clean)) return { kind: 'path', path: clean };
  const bare = stripDiffPrefix(clean, files);
  if (bare !== undefined) return accept(bare, files, allowedPaths);
  const matches = [...files.paths].filter((path) => path.endsWith(`/${clean}`));
  const [only, second] = matches;
  if (only !== undefined && second === undefined) return accept(only, files, allowedPaths);
  if (only !== undefined)
    return refuse('ambiguous_path', given, `${given} could be ${matches.slice(0, 5).join(' or ')}; give the whole path`);
  // The repository's own folder, or a deploy prefix, in front of a path that exists.
  const inner = [...clean.matchAll(/\//g)]
    .map(({ index }) => clean.slice(index + 1))
    .find((rest) => rest.includes('/') && files.paths.has(rest));
  if (inner !== undefined) return accept(inner, files, allowedPaths);
  return refuse('file_missing', given, `there is no file ${given}.${suggest(clean, files)}`);
}

/** The path of a file that is to be made. */
export function resolveNew(given: string, files: FileSet, allowedPaths: readonly string[]): ResolvedPath {
  const clean = cleanPath(given);
  return judge(clean, files, allowedPaths) ?? { kind: 'path', path: clean };
}

function accept(path: string, files: FileSet, allowedPaths: readonly string[]): ResolvedPath {
  return judge(path, files, allowedPaths) ?? { kind: 'path', path };
}

function judge(path: string, files: FileSet, allowedPaths: readonly string[]): Refusal | undefined {
  const verdict = judgePath(path, allowedPaths);
  if (verdict !== undefined) return refuse(verdict.reason, path, verdict.message);
  const parts = path.split('/');
  for (let count = 1; count <= parts.length; count += 1) {
    const part = parts.slice(0, count).join('/');
    if (files.links.has(part)) return refuse('path_escape', path, `${part} is a symbolic link, and nothing is edited through one`);
  }
  return undefined;
}

/** Decoration that models put around a path. */
function cleanPath(given: string): string {
  const bare = given.trim().replaceAll(/^[`*"']+|[`*"':]+$/g, '');
  return bare.replace(/^(?:\.\/)+/, '');
}

/** `a/` and `b/` of a diff, where no such folder exists. */
function stripDiffPrefix(path: string, files: FileSet): string | undefined {
  const match = /^[ab]\/(.+)$/.exec(path);
  return match?.[1] !== undefined && files.paths.has(match[1]) ? match[1] : undefined;
}

function suggest(path: string, files: FileSet): string {
  const name = posix.basename(path).toLowerCase();
  const like = [...files.paths].filter((known) => posix.basename(known).toLowerCase() === name).slice(0, 3);
  return like.length === 0 ? '' : ` Is ${like.join(' or ')} meant?`;
}
