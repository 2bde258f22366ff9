// What is gathered before anybody proposes: the problem, where it is in the code, which commit is suspect, and the evidence.
// Must never write anywhere.
import type { FunctionRange, SyntaxTrees } from '../../base/syntax-tree.ts';
import type { CodeLocation, Repository, RepositoryService, SuspectCommit } from '../repository/repository.ts';
import { collectEvidence } from './evidence.ts';
import { readProblem, type Problem } from './problem.ts';
import type { Incident, Occurrence } from '../incidents/incident.ts';
import { isStandIn, tellKeptElsewhere } from './kept-elsewhere.ts';
import { settleLines } from './line-drift.ts';
import type { Reminder } from './memory.ts';
import { findOpenChanges, noOpenChanges, tellOpenChanges, type OpenChanges } from './open-changes.ts';
import type { Evidence } from './proposal.ts';
import { findRelatedTests } from './related-tests.ts';

export interface Groundwork {
  readonly problem: Problem;
  readonly repository: Repository;
  readonly baseCommit: string;
  readonly locations: readonly CodeLocation[];
  readonly suspects: readonly SuspectCommit[];
  /** Text by path at the base commit: located files and those that a suspect touched. */
  readonly files: ReadonlyMap<string, string>;
  /** Functions of each of those files. */
  readonly functions: ReadonlyMap<string, readonly FunctionRange[]>;
  /** Test files that are about the located files. */
  readonly tests: readonly { readonly path: string; readonly text: string }[];
  /** Open change requests that have to do with it. */
  readonly openChanges: OpenChanges;
  readonly evidence: readonly Evidence[];
}

const mostFiles = 18;
const mostTests = 3;
const mostFileBytes = 512 * 1024;

export interface GroundworkParts {
  readonly repositoryService: RepositoryService;
  readonly trees: SyntaxTrees;
  /** What is known from before: changes that fixed it or its like, words of reviewers. */
  readonly remind?: ((incident: Incident) => Promise<readonly Reminder[]>) | undefined;
}

/** @throws HephaestusError of the Repository Service. */
export async function layGroundwork(
  { repositoryService: service, trees, remind }: GroundworkParts,
  repository: Repository,
  incident: Incident,
  occurrences: readonly Occurrence[],
  onProgress: (event: string) => void,
  signal: AbortSignal,
): Promise<Groundwork> {
  const problem = readProblem(incident, occurrences);
  onProgress('evidence collected');
  const { head } = await service.initialize(repository, signal);
  const located = await service.locate(repository, head, problem.query);
  const places = located.filter(({ path }) => path !== '');
  const files = new Map<string, string>();
  const standIns = new Set<string>();
  const read = async (paths: readonly string[]): Promise<readonly (readonly [string, string])[]> => {
    const contents = await service.readFiles(repository, paths, head, mostFileBytes);
    return [...contents].flatMap(([path, content]) => {
      if (isStandIn(content)) standIns.add(path);
      return content.includes(0) || isStandIn(content) ? [] : [[path, content.toString('utf8')] as const];
    });
  };
  const readAll = async (paths: ReadonlySet<string>): Promise<void> => {
    const missing = [...paths].filter((path) => !files.has(path)).slice(0, Math.max(0, mostFiles - files.size));
    for (const [path, text] of await read(missing)) files.set(path, text);
  };
  await readAll(new Set(places.map(({ path }) => path)));
  const functions = new Map<string, readonly FunctionRange[]>();
  for (const [path, text] of files) functions.set(path, await trees.listFunctions(path, text));
  const locations = settleLines(places, problem.query.frames, files, functions, problem.reason.message);
  const first = locations[0];
  onProgress(first === undefined ? 'no code found for it' : `code found: ${first.path}${first.line === undefined ? '' : `:${first.line}`}`);
  const suspects = locations.length === 0 ? [] : await service.suspectCommits(repository, head, locations, incident.firstSeenAtMs);
  const suspect = suspects[0];
  if (suspect !== undefined) onProgress(`suspect commit: ${suspect.commit.hash.slice(0, 10)} ${suspect.commit.subject}`);
  await readAll(new Set(suspects.slice(0, 3).flatMap(({ diff }) => pathsOf(diff))));
  for (const [path, text] of files) if (!functions.has(path)) functions.set(path, await trees.listFunctions(path, text));
  const testPaths = first === undefined ? [] : findRelatedTests(await service.listFiles(repository, head), first.path, mostTests);
  const tests = (await read(testPaths.filter((path) => !files.has(path)))).map(([path, text]) => ({ path, text }));
  const about = { repository, revision: head, problem, locations, files, functions };
  const openChanges = locations.length === 0 ? noOpenChanges : await findOpenChanges(service, about);
  const elsewhere = await tellKeptElsewhere(service, { repository, revision: head, problem, standIns: [...standIns] });
  for (const { title } of elsewhere) onProgress(title);
  const reminders = [...((await remind?.(incident)) ?? []), ...tellOpenChanges(openChanges), ...elsewhere];
  return {
    problem,
    repository,
    baseCommit: head,
    locations,
    suspects,
    files,
    functions,
    tests,
    openChanges,
    evidence: collectEvidence(problem, locations, suspects, files, reminders),
  };
}

/** What an incident tells without a repository. */
export function evidenceAlone(incident: Incident, occurrences: readonly Occurrence[]): readonly Evidence[] {
  return collectEvidence(readProblem(incident, occurrences), [], [], new Map());
}

/** Files as they are at the base commit; undefined for those that aren't there. */
export async function readBase(
  service: RepositoryService,
  { repository, baseCommit }: Groundwork,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string | undefined>> {
  const texts = new Map<string, string | undefined>();
  for (const path of paths) texts.set(path, (await service.getFileContents(repository, path, baseCommit))?.toString('utf8'));
  return texts;
}

function pathsOf(diff: string): readonly string[] {
  return [...diff.matchAll(/^\+\+\+ b\/(.+)$/gm)].flatMap((match) => match[1] ?? []);
}
