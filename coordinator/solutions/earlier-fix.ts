// Whether the default branch has already lost the line that fails where the service runs, and by which commit.
// Must never say so of a line that only moved: it may stand nowhere in the repository any more.
import { defaultRevisionFields, statedRevision } from '../incidents/stated-revision.ts';
import type { DeploymentStore } from '../incidents/deployment.ts';
import type { Commit, Repository, RepositoryService } from '../repository/repository.ts';
import type { Groundwork } from './groundwork.ts';
import type { Diagnosis } from './proposal.ts';

export interface EarlierFix {
  readonly commit: Commit;
  readonly path: string;
  /** The line that fails, as it runs. */
  readonly line: string;
  /** The revision that runs, where it is known. */
  readonly revision: string | undefined;
}

export interface EarlierFixParts {
  readonly service: RepositoryService;
  /** Undefined: only what records and traces say themselves is known of what runs. */
  readonly deployments: Pick<DeploymentStore, 'list'> | undefined;
}

/** Shorter ones (`}`, `return x;`) vanish and come for any reason. */
const shortestLine = 12;
const mostCommits = 20;

export async function findEarlierFix(groundwork: Groundwork, parts: EarlierFixParts): Promise<EarlierFix | undefined> {
  const { service } = parts;
  const { repository, baseCommit, problem, locations } = groundwork;
  const frame = problem.trace?.frames.find(({ inApp }) => inApp);
  const file = frame?.file;
  const place = locations.find((one) => one.function === frame?.function && file?.endsWith(one.path.split('/').at(-1) ?? '') === true);
  if (frame === undefined || place === undefined) return undefined;
  const revision = await findRevision(groundwork, parts);
  const line =
    frame.source?.trim() ?? (revision === undefined ? undefined : await lineAt(service, repository, place.path, revision, frame.line));
  if (line === undefined || line.length < shortestLine) return undefined;
  const now = await read(service, repository, place.path, baseCommit);
  if (now === undefined || holds(now, line)) return undefined;
  const elsewhere = await service.findText(repository, line, baseCommit);
  if (elsewhere.some(({ text }) => text.trim() === line)) return undefined;
  const commit = await findRemoval(service, repository, baseCommit, place.path, line);
  return commit === undefined ? undefined : { commit, path: place.path, line, revision };
}

/** In words for the proposal. */
export function explainEarlierFix({ commit, path, revision }: EarlierFix): string {
  const runs = revision === undefined ? 'What runs still has it' : `Revision ${revision} runs and still has it`;
  return `It seems to be fixed already: commit ${commit.hash.slice(0, 10)} ("${commit.subject}") changed the failing line in ${path}. ${runs}: deploy the newer one. If the problem shows there, too, it is looked at again.`;
}

export function diagnoseEarlierFix(fix: EarlierFix, { problem, evidence }: Groundwork): Diagnosis {
  const { commit, path, line } = fix;
  const shown = evidence.find(({ kind }) => kind === 'trace') ?? evidence.find(({ kind }) => kind === 'entry');
  return {
    summary: problem.incident.title.slice(0, 120),
    rootCause: explainEarlierFix(fix),
    claims: [
      { statement: `The line that failed is \`${line.slice(0, 160)}\``, evidenceIds: shown === undefined ? [] : [shown.id] },
      { statement: `${path} has no such line at the default branch's head since commit ${commit.hash.slice(0, 10)}`, evidenceIds: [] },
    ],
    risk: '',
    notChecked: ['That the new code is right: only that the line that failed is gone.'],
  };
}

/** The commit that ran, by what the records state, else by the last deployment that was recorded before. */
async function findRevision({ problem, repository }: Groundwork, { service, deployments }: EarlierFixParts): Promise<string | undefined> {
  const [latest] = problem.occurrences;
  if (latest === undefined) return undefined;
  const stated = problem.occurrences.map(({ fields }) => statedRevision(fields, defaultRevisionFields)).find((name) => name !== '');
  const recorded = await deployments?.list({ service: problem.incident.service, limit: 50, after: undefined });
  const deployed = recorded?.find(
    ({ atMs, nodeId }) => atMs <= latest.timeMs && (nodeId === undefined || nodeId === latest.nodeId),
  )?.revision;
  for (const name of [stated, deployed]) {
    if (name === undefined) continue;
    // A name that the repository doesn't know is somebody else's numbering.
    const commit = await service.resolve(repository, name).catch(() => undefined);
    if (commit !== undefined) return commit;
  }
  return undefined;
}

async function lineAt(
  service: RepositoryService,
  repository: Repository,
  path: string,
  revision: string,
  line: number | undefined,
): Promise<string | undefined> {
  const text = line === undefined ? undefined : await read(service, repository, path, revision);
  return line === undefined ? undefined : text?.split('\n')[line - 1]?.trim();
}

/** The newest commit without the line whose predecessor in the file's history has it. */
async function findRemoval(
  service: RepositoryService,
  repository: Repository,
  head: string,
  path: string,
  line: string,
): Promise<Commit | undefined> {
  let newer: Commit | undefined;
  for (const commit of await service.history(repository, head, path, mostCommits)) {
    const text = await read(service, repository, path, commit.hash);
    if (text !== undefined && holds(text, line)) return newer;
    newer = commit;
  }
  return undefined;
}

async function read(service: RepositoryService, repository: Repository, path: string, revision: string): Promise<string | undefined> {
  return (await service.getFileContents(repository, path, revision))?.toString('utf8');
}

function holds(text: string, line: string): boolean {
  return text.split('\n').some((one) => one.trim() === line);
}
