// Which paths an edit may touch: none outside the repository, none that steers builds, hooks, tests' runners or other programs.
// Must never look at content or at the disk.
import { posix } from 'node:path';

/** Why an edit is refused, as programs match it. */
export type PathRefusal = 'path_escape' | 'bad_path' | 'protected_path' | 'outside_allowed_paths';

export interface PathVerdict {
  readonly reason: PathRefusal;
  readonly message: string;
}

/** Directories that steer other programs, wherever they stand in the tree. */
const protectedDirectories = new Set([
  '.git',
  '.github',
  '.gitlab',
  '.gitea',
  '.forgejo',
  '.circleci',
  '.buildkite',
  '.husky',
  '.githooks',
  '.devcontainer',
  '.vscode',
  '.idea',
  '.cursor',
  '.claude',
  '.codex',
  '.gemini',
  '.hephaestus',
  '.woodpecker',
  '.tekton',
  '.azure-pipelines',
  'node_modules',
  '.yarn',
  '.cargo',
]);

/** File names that do the same. */
const protectedNames = new Set([
  'jenkinsfile',
  '.gitlab-ci.yml',
  '.gitlab-ci.yaml',
  'azure-pipelines.yml',
  'azure-pipelines.yaml',
  'bitbucket-pipelines.yml',
  '.travis.yml',
  '.drone.yml',
  '.woodpecker.yml',
  'appveyor.yml',
  '.appveyor.yml',
  'cloudbuild.yaml',
  'buildspec.yml',
  '.pre-commit-config.yaml',
  'lefthook.yml',
  'codeowners',
  'renovate.json',
  '.renovaterc',
  '.renovaterc.json',
  '.gitmodules',
  '.gitattributes',
  '.gitconfig',
  '.npmrc',
  '.yarnrc',
  '.yarnrc.yml',
  '.pnpmfile.cjs',
  '.netrc',
  '.envrc',
  'claude.md',
  'agents.md',
  'gemini.md',
  '.cursorrules',
  '.windsurfrules',
  '.mcp.json',
]);

/** What a supply-chain attack edits: a person decides. */
const lockFiles = new Set([
  'package-lock.json',
  'npm-shrinkwrap.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'bun.lockb',
  'bun.lock',
  'poetry.lock',
  'pipfile.lock',
  'uv.lock',
  'pdm.lock',
  'cargo.lock',
  'go.sum',
  'gemfile.lock',
  'composer.lock',
  'mix.lock',
  'gradle.lockfile',
]);

/** Files that decide what is built or installed, from where. */
const buildScripts =
  /^(?:setup\.py|setup\.cfg|build\.rs|makefile|gnumakefile|cmakelists\.txt|gulpfile\..*|gruntfile\..*|webpack\.config\..*|rollup\.config\..*|vite\.config\..*)$/i;
const packageSources = /^(?:pip\.conf|\.pypirc|nuget\.config|settings\.xml)$/i;

/** Files that decide what a check runs: an edit there could make a proof of anything. */
const testConfigurations =
  /^(?:conftest\.py|pytest\.ini|tox\.ini|noxfile\.py|\.mocharc\..*|jest\.config\..*|vitest\.config\..*|karma\.conf\..*|playwright\.config\..*|\.taprc|\.coveragerc|phpunit\.xml.*|\.rspec)$/i;

/** What Python or ours loads by itself, whatever is run. */
const selfLoading = /^(?:sitecustomize\.py|usercustomize\.py|hephaestus\.config\..*)$/i;

/**
 * @param path relative to the repository, as it will be used
 * @param allowedPaths glob patterns; empty allows all that isn't protected
 */
export function judgePath(path: string, allowedPaths: readonly string[]): PathVerdict | undefined {
  const refuse = (reason: PathRefusal, why: string): PathVerdict => ({ reason, message: `${JSON.stringify(path)} ${why}` });
  if (path === '' || hasControlCharacter(path)) return refuse('bad_path', 'is no usable path: it is empty or has control characters');
  if (path.length > 1024) return refuse('bad_path', 'is longer than 1024 characters');
  const decoded = decodePercent(path);
  const isOutside = [path, decoded].some(
    (form) => form.startsWith('/') || form.startsWith('~') || /^[a-z]:/i.test(form) || form.split(/[/\\]/).includes('..'),
  );
  if (isOutside || path.includes('\\')) return refuse('path_escape', 'leads outside the repository; use a path relative to its root');
  const parts = path.split('/').map((part) => part.toLowerCase());
  if (parts.some((part) => part === '' || part === '.')) return refuse('bad_path', 'has empty parts');
  const name = parts.at(-1) ?? '';
  // git folds what it protects by case, trailing dots and zero-width characters; so must we.
  const folded = parts.map((part) => part.replaceAll(/[\u200b-\u200f\u2060\ufeff]/g, '').replace(/[. ]+$/, ''));
  if (folded.some((part) => protectedDirectories.has(part) || part === 'git~1'))
    return refuse('protected_path', 'steers other programs and is never edited');
  if (protectedNames.has(name)) return refuse('protected_path', 'is a CI definition, hook or tool configuration and is never edited');
  if (selfLoading.test(name)) return refuse('protected_path', 'is loaded by every program that is run and is never edited');
  if (allowedPaths.length > 0 && !allowedPaths.some((pattern) => posix.matchesGlob(path, pattern)))
    return refuse('outside_allowed_paths', `is outside the repository's allowed paths (${allowedPaths.join(', ')})`);
  return undefined;
}

/** Why a person decides about an edit of this path, whatever the checks say; undefined for ordinary files. */
export function judgeCaution(path: string): { readonly reason: string; readonly what: string } | undefined {
  const name = posix.basename(path).toLowerCase();
  if (lockFiles.has(name)) return { reason: 'lockfile_change', what: 'says which packages are installed' };
  if (packageSources.test(name)) return { reason: 'protected_path', what: 'says where packages come from' };
  if (buildScripts.test(name)) return { reason: 'build_script', what: 'runs when the service is built or installed' };
  if (testConfigurations.test(name)) return { reason: 'test_config_changed', what: 'decides what the checks run, so that they prove less' };
  return undefined;
}

/** Tests that exist may be added to by new files, but not changed: a proof by a weakened test is none. */
export function isTestPath(path: string): boolean {
  const name = posix.basename(path);
  return (
    /(^|\/)(?:tests?|__tests__|spec|specs)\//i.test(path) ||
    /(?:\.|_|-)(?:test|spec)\.\w+$/i.test(name) ||
    /^test_.*\.py$/.test(name) ||
    /(?:Test|Tests|IT)\.(?:java|kt|cs)$/.test(name)
  );
}

function hasControlCharacter(text: string): boolean {
  return Array.from(text, (character) => character.charCodeAt(0)).some(
    (code) => code < 0x20 || code === 0x7f || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069),
  );
}

function decodePercent(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
