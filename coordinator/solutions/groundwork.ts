// What is gathered before anybody proposes: the problem, where it is in the code, which commit is suspect, and the evidence.
// Must never write anywhere.
import type { CodeLocation, Repository, RepositoryService, SuspectCommit } from '../repository/repository.ts';
import { collectEvidence } from './evidence.ts';
import { readProblem, type Problem } from './problem.ts';
import type { Incident, Occurrence } from '../incidents/incident.ts';
import type { Evidence } from './proposal.ts';

export interface Groundwork {
  readonly problem: Problem;
  readonly repository: Repository;
  readonly baseCommit: string;
  readonly locations: readonly CodeLocation[];
  readonly suspects: readonly SuspectCommit[];
  /** Text by path at the base commit: located files and those that a suspect touched. */
  readonly files: ReadonlyMap<string, string>;
  readonly evidence: readonly Evidence[];
}

const mostFiles = 12;
const mostFileBytes = 512 * 1024;

/** @throws HephaestusError of the Repository Service. */
export async function layGroundwork(
  service: RepositoryService,
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
  const locations = located.filter(({ path }) => path !== '');
  const first = locations[0];
  onProgress(first === undefined ? 'no code found for it' : `code found: ${first.path}${first.line === undefined ? '' : `:${first.line}`}`);
  const suspects = locations.length === 0 ? [] : await service.suspectCommits(repository, head, locations, incident.firstSeenAtMs);
  const suspect = suspects[0];
  if (suspect !== undefined) onProgress(`suspect commit: ${suspect.commit.hash.slice(0, 10)} ${suspect.commit.subject}`);
  const paths = new Set([...locations.map(({ path }) => path), ...suspects.slice(0, 3).flatMap(({ diff }) => pathsOf(diff))]);
  const files = new Map<string, string>();
  for (const path of [...paths].slice(0, mostFiles)) {
    const content = await service.getFileContents(repository, path, head);
    if (content === undefined || content.length > mostFileBytes || content.includes(0)) continue;
    files.set(path, content.toString('utf8'));
  }
  return {
    problem,
    repository,
    baseCommit: head,
    locations,
    suspects,
    files,
    evidence: collectEvidence(problem, locations, suspects, files),
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
