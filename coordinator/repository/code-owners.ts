// Who owns which files, by a CODEOWNERS file as GitHub, GitLab and Gitea read it: the last pattern that matches decides.
// Must never take exponential time: patterns come from the repository.

/** Where the file is looked for, the first that is there. */
export const codeOwnersPaths: Readonly<Record<string, readonly string[]>> = {
  github: ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'],
  gitlab: ['CODEOWNERS', 'docs/CODEOWNERS', '.gitlab/CODEOWNERS'],
  gitea: ['CODEOWNERS', 'docs/CODEOWNERS', '.gitea/CODEOWNERS', '.forgejo/CODEOWNERS'],
  git: ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS', '.gitlab/CODEOWNERS'],
};

interface Rule {
  readonly segments: readonly string[];
  /** Matches from the root; otherwise anywhere. */
  readonly anchored: boolean;
  /** Only what is below it. */
  readonly folder: boolean;
  readonly owners: readonly string[];
}

const mostRules = 5000;

/** Owners as the file writes them (`@name`, `@org/team`, addresses), each once, in the order of the paths. */
export function ownersOf(text: string, paths: readonly string[]): readonly string[] {
  const sections = parse(text);
  const owners = paths.flatMap((path) => {
    const segments = path.split('/');
    // Of each of GitLab's sections the last match counts; elsewhere there is one section.
    return sections.flatMap((rules) => rules.findLast((rule) => matches(rule, segments))?.owners ?? []);
  });
  return [...new Set(owners)];
}

function parse(text: string): readonly (readonly Rule[])[] {
  const sections: Rule[][] = [[]];
  let defaults: readonly string[] = [];
  let count = 0;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    if (++count > mostRules) break;
    const section = /^\^?\[[^\]]{1,200}\](?:\[\d+\])?(.*)$/.exec(line);
    if (section !== null) {
      sections.push([]);
      defaults = words(section[1] ?? '');
      continue;
    }
    const [pattern = '', ...owners] = words(line);
    // GitLab excludes with `!`; GitHub has no such lines.
    const isExclusion = pattern.startsWith('!');
    sections.at(-1)?.push(readRule(isExclusion ? pattern.slice(1) : pattern, isExclusion ? [] : owners.length > 0 ? owners : defaults));
  }
  return sections;
}

/** Split at blanks that aren't escaped; `#` begins a comment. */
function words(line: string): readonly string[] {
  const found: string[] = [];
  for (const word of line.match(/(?:\\.|[^\s\\])+/g) ?? []) {
    if (word.startsWith('#')) break;
    found.push(word.replaceAll(/\\(.)/g, '$1'));
  }
  return found;
}

function readRule(pattern: string, owners: readonly string[]): Rule {
  const folder = pattern.endsWith('/');
  const bare = pattern.replace(/^\/+/, '').replace(/\/+$/, '');
  const segments = bare.split('/');
  return { segments, anchored: pattern.startsWith('/') || segments.length > 1, folder, owners };
}

function matches({ segments, anchored, folder }: Rule, path: readonly string[]): boolean {
  const pattern = anchored ? segments : ['**', ...segments];
  // A folder owns what is below it. `docs/*` owns the files in docs, not those in its folders (GitHub Docs, "About code owners").
  const last = segments.at(-1) ?? '';
  const mayBeFolder = folder || !(last === '*' && segments.length > 1);
  return matchSegments(pattern, path, mayBeFolder, folder);
}

/** Dynamic programming over segments: pattern × path steps, each a match of one segment. */
function matchSegments(pattern: readonly string[], path: readonly string[], mayBeFolder: boolean, mustBeFolder: boolean): boolean {
  let reachable = new Set<number>([0]);
  for (const part of pattern) {
    const next = new Set<number>();
    for (const at of reachable) {
      if (part === '**') for (let end = at; end <= path.length; end++) next.add(end);
      else if (at < path.length && matchSegment(part, path[at] ?? '')) next.add(at + 1);
    }
    reachable = next;
    if (reachable.size === 0) return false;
  }
  for (const at of reachable) {
    if (at === path.length && !mustBeFolder) return true;
    if (at < path.length && at > 0 && mayBeFolder) return true;
  }
  return false;
}

/** `*` and `?` within a segment; greedy with one way back, so that it is linear in practice and quadratic at worst. */
function matchSegment(pattern: string, text: string): boolean {
  let [p, t, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    if (p < pattern.length && (pattern[p] === '?' || (pattern[p] !== '*' && pattern[p] === text[t]))) {
      p++;
      t++;
    } else if (p < pattern.length && pattern[p] === '*') {
      star = p++;
      mark = t;
    } else if (star >= 0) {
      p = star + 1;
      t = ++mark;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
