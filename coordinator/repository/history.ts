// Reads a mirror's commits, files and lines at a revision.
// Must never write to the mirror or judge what it reads.
import type { Mirror } from './mirror.ts';
import type { Commit, FoundLine } from './repository.ts';

/** How `git log` is told to write a commit, and `readCommits` to read it: fields end with NUL, commits with a record separator. */
const commitFormat = '--format=%x1e%H%x00%an%x00%at%x00%ct%x00%s%x00%b%x00';

/** A commit with what it changed. */
export interface SizedCommit {
  readonly commit: Commit;
  readonly parents: number;
  readonly filesChanged: number;
  readonly linesChanged: number;
}

export interface BlamedLine {
  readonly hash: string;
  readonly line: number;
}

/** All files of a commit, without submodules. */
export async function listFiles(mirror: Mirror, commit: string): Promise<readonly string[]> {
  const answer = await mirror.run(['ls-tree', '-r', '-z', '--full-tree', commit], { maxBytes: 256 * 1024 * 1024 });
  const rows = answer.stdout.toString('utf8').split('\0');
  return rows.flatMap((row) => (row === '' || row.startsWith('160000 ') ? [] : [row.slice(row.indexOf('\t') + 1)]));
}

/** Paths of a commit's submodules. */
export async function listSubmodules(mirror: Mirror, commit: string): Promise<readonly string[]> {
  // Each is named there; a repository without that file has none, and needs no walk through its tree.
  if ((await readFileAt(mirror, commit, '.gitmodules')) === undefined) return [];
  const answer = await mirror.run(['ls-tree', '-r', '-z', '--full-tree', commit], { maxBytes: 256 * 1024 * 1024 });
  const rows = answer.stdout.toString('utf8').split('\0');
  return rows.flatMap((row) => (row.startsWith('160000 ') ? [row.slice(row.indexOf('\t') + 1)] : []));
}

/** A file's bytes as they are stored, or undefined if there is no such file. Symbolic links and submodules are no files. */
export async function readFileAt(mirror: Mirror, commit: string, path: string): Promise<Buffer | undefined> {
  const listed = await mirror.text(['ls-tree', '-z', '--full-tree', commit, '--', `:(literal)${path}`]);
  const row = listed.split('\0')[0] ?? '';
  const blob = /^100\d{3} blob ([0-9a-f]{40})\t/.exec(row)?.[1];
  if (blob === undefined || row.slice(row.indexOf('\t') + 1) !== path) return undefined;
  return (await mirror.run(['cat-file', 'blob', blob])).stdout;
}

/** Many files at once, by path. What is no regular file, isn't there, or is larger than `mostBytes` is left out. */
export async function readFilesAt(
  mirror: Mirror,
  commit: string,
  paths: readonly string[],
  mostBytes: number,
): Promise<ReadonlyMap<string, Buffer>> {
  if (paths.length === 0) return new Map();
  const listed = await mirror.text(['ls-tree', '-z', '-l', '--full-tree', commit, '--', ...paths.map((path) => `:(literal)${path}`)]);
  const wanted = new Set(paths);
  const blobs = listed.split('\0').flatMap((row) => {
    const [, hash, size] = /^100\d{3} blob ([0-9a-f]{40}) +(\d+)\t/.exec(row) ?? [];
    const path = row.slice(row.indexOf('\t') + 1);
    return hash === undefined || Number(size) > mostBytes || !wanted.has(path) ? [] : [{ path, hash, size: Number(size) }];
  });
  if (blobs.length === 0) return new Map();
  const total = blobs.reduce((sum, { size }) => sum + size + 100, 1024);
  const answer = await mirror.run(['cat-file', '--batch'], { input: `${blobs.map(({ hash }) => hash).join('\n')}\n`, maxBytes: total });
  const files = new Map<string, Buffer>();
  let at = 0;
  for (const { path, size } of blobs) {
    // `<hash> blob <size>` on a line, the contents, a newline.
    const start = answer.stdout.indexOf(10, at) + 1;
    files.set(path, answer.stdout.subarray(start, start + size));
    at = start + size + 1;
  }
  return files;
}

/** The newest commits that touched a path, renames followed. */
export async function readHistory(mirror: Mirror, commit: string, path: string, limit: number): Promise<readonly Commit[]> {
  const text = await mirror.text(['log', `--max-count=${String(limit)}`, '--follow', '--no-patch', commitFormat, commit, '--', path]);
  return readCommits(text).map(({ commit: one }) => one);
}

/** The newest commits that changed a range of lines, deletions included, which blame cannot show. */
export async function readLineHistory(
  mirror: Mirror,
  commit: string,
  path: string,
  range: { start: number; end: number },
  limit: number,
): Promise<readonly string[]> {
  const text = await mirror.text(
    ['log', `--max-count=${String(limit)}`, '--no-patch', '--format=%H', `-L${String(range.start)},${String(range.end)}:${path}`, commit],
    { timeoutMs: 20_000 },
  );
  return text.split('\n').filter((line) => /^[0-9a-f]{40}$/.test(line));
}

/** Who last changed each line of a range; whitespace doesn't count as a change. */
export async function blame(
  mirror: Mirror,
  commit: string,
  path: string,
  range: { start: number; end: number },
): Promise<readonly BlamedLine[]> {
  const text = await mirror.text(['blame', '-w', '--porcelain', `-L${String(range.start)},${String(range.end)}`, commit, '--', path], {
    timeoutMs: 20_000,
  });
  return [...text.matchAll(/^([0-9a-f]{40}) \d+ (\d+)/gm)].map((match) => ({ hash: match[1] ?? '', line: Number(match[2]) }));
}

/** Commits with their sizes, in the order given; the first commit of a repository has none: counting it may take a minute. */
export async function readSizedCommits(mirror: Mirror, hashes: readonly string[]): Promise<readonly SizedCommit[]> {
  if (hashes.length === 0) return [];
  const input = `${hashes.join('\n')}\n`;
  const walk = ['log', '--no-walk=unsorted', '--stdin'];
  const [text, parents] = await Promise.all([
    mirror.text(['-c', 'log.showRoot=false', ...walk, '--numstat', '--no-renames', commitFormat], { input }),
    mirror.text([...walk, '--format=%H %P'], { input }),
  ]);
  const counts = new Map(parents.split('\n').map((row) => [row.slice(0, 40), row.split(' ').filter((part) => part !== '').length - 1]));
  return readCommits(text).map((read) => ({ ...read, parents: counts.get(read.commit.hash) ?? 1 }));
}

/** The unified diff of one commit, limited to paths and to 64 KiB. */
export async function readDiff(mirror: Mirror, hash: string, paths: readonly string[]): Promise<string> {
  const answer = await mirror.run(
    [
      'show',
      '--format=',
      '--no-ext-diff',
      '--no-textconv',
      '--no-color',
      '--unified=5',
      '--first-parent',
      '-m',
      hash,
      '--',
      ...paths.map((path) => `:(literal)${path}`),
    ],
    { maxBytes: 64 * 1024, truncate: true },
  );
  return answer.stdout.toString('utf8');
}

/** Lines that hold `text` exactly; binary files are left out. */
export async function grep(mirror: Mirror, commit: string, text: string): Promise<readonly FoundLine[]> {
  return (await grepAny(mirror, commit, [text])).found;
}

/** Lines that hold any of the texts, in one walk over the repository; `isCut` if there were too many to be read. */
export async function grepAny(
  mirror: Mirror,
  commit: string,
  texts: readonly string[],
): Promise<{ readonly found: readonly FoundLine[]; readonly isCut: boolean }> {
  const maxBytes = 512 * 1024;
  const patterns = texts.flatMap((text) => ['-e', text]);
  const answer = await mirror.run(
    ['grep', '-I', '-n', '-z', '--fixed-strings', '--full-name', '--max-count=20', ...patterns, commit, '--'],
    {
      statuses: [0, 1],
      maxBytes,
      truncate: true,
      timeoutMs: 20_000,
    },
  );
  const hits: FoundLine[] = [];
  for (const row of answer.stdout.toString('utf8').split('\n')) {
    const [place, line, ...rest] = row.split('\0');
    if (place === undefined || line === undefined || !/^\d+$/.test(line)) continue;
    hits.push({ path: place.slice(commit.length + 1), line: Number(line), text: rest.join('\0') });
  }
  return { found: hits, isCut: answer.truncated };
}

function readCommits(text: string): readonly Omit<SizedCommit, 'parents'>[] {
  return text
    .split('\u001e')
    .filter((record) => record.includes('\0'))
    .map((record) => {
      const [names = '', author = '', authored = '', committed = '', subject = '', body = '', rest = ''] = record.split('\0');
      const sizes = [...rest.matchAll(/^(\d+|-)\t(\d+|-)\t/gm)];
      return {
        commit: {
          hash: names.trim().slice(0, 40),
          author,
          authoredAtMs: Number(authored) * 1000,
          committedAtMs: Number(committed) * 1000,
          subject,
          body: body.trim(),
        },
        filesChanged: sizes.length,
        linesChanged: sizes.reduce((sum, [, added, deleted]) => sum + (Number(added) || 0) + (Number(deleted) || 0), 0),
      };
    });
}
