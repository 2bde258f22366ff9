// What fixed a problem before, tried first when it or its like returns: the change itself, brought onto what the code is now.
// Must never offer it unproven: it climbs the ladder as any candidate does.
import type { RepositoryService } from '../repository/repository.ts';
import type { Candidate, Candidates, Proposer } from './candidate.ts';
import { isTestPath, judgeCaution, judgePath } from './edits/path-policy.ts';
import type { Groundwork } from './groundwork.ts';
import { remembered, type Remedy, type RemedyStore } from './memory.ts';
import type { ProposalStore } from './proposal.ts';
import { isUnfinished } from './proposal-states.ts';

export interface RememberedFixParts {
  readonly service: RepositoryService;
  readonly remedies: Pick<RemedyStore, 'find'>;
  readonly proposals: Pick<ProposalStore, 'get' | 'list'>;
}

/** As `models` name themselves: who proposes it. */
const provider = 'memory';
/** Each costs a run of all checks. */
const mostTried = 2;

export function rememberFirst(proposer: Proposer, parts: RememberedFixParts): Proposer {
  return {
    usageOf: (incidentId) => proposer.usageOf(incidentId),
    choicesOf: (incidentId) => proposer.choicesOf(incidentId),
    propose: (groundwork, onProgress, signal) =>
      proposeRemembered(groundwork, parts, onProgress, () => proposer.propose(groundwork, onProgress, signal)),
  };
}

async function* proposeRemembered(
  groundwork: Groundwork,
  parts: RememberedFixParts,
  onProgress: (event: string) => void,
  others: () => Candidates,
): Candidates {
  for (const candidate of await findCandidates(groundwork, parts)) {
    onProgress(`trying what fixed it before: ${candidate.title}`);
    const told = yield candidate;
    // It held; nobody is here who could write a test for it.
    if (told?.wantsTest !== undefined) return { reason: '', diagnosis: candidate.diagnosis, provider, model: candidate.model };
  }
  return yield* others();
}

async function findCandidates(groundwork: Groundwork, { service, remedies, proposals }: RememberedFixParts): Promise<readonly Candidate[]> {
  const { incident } = groundwork.problem;
  const known = await proposals.list({ incidentId: incident.id, states: [], limit: 20, after: undefined });
  // Reviewers want another change than the one that was made.
  if (known.some(({ state, feedback }) => isUnfinished(state) && feedback !== undefined)) return [];
  const candidates: Candidate[] = [];
  for (const { remedy } of await remembered(remedies, incident)) {
    if (remedy.verdict !== 'fixed' || candidates.length >= mostTried) continue;
    const fix = await proposals.get(remedy.id);
    const mergeCommit = fix?.followUp?.mergeCommit;
    if (mergeCommit === undefined || fix?.repositoryId !== groundwork.repository.id) continue;
    const candidate = await apply(groundwork, service, remedy, mergeCommit);
    if (candidate !== undefined) candidates.push(candidate);
  }
  return candidates;
}

/** Undefined where it is in the code already, conflicts with what the code is now, or touches what a person decides about. */
async function apply(
  { repository, baseCommit, evidence }: Groundwork,
  service: RepositoryService,
  remedy: Remedy,
  mergeCommit: string,
): Promise<Candidate | undefined> {
  const applied = await service.applyElsewhere(repository, { from: undefined, to: mergeCommit, onto: baseCommit }).catch(() => undefined);
  if (applied?.kind !== 'applied') return undefined;
  // Its tests are there still, or were taken away for a reason.
  const files = applied.files.filter(({ path }) => !isTestPath(path));
  const isOdd = files.some(
    ({ path, content }) =>
      judgePath(path, repository.allowedPaths) !== undefined || judgeCaution(path) !== undefined || content?.includes(0) === true,
  );
  if (files.length === 0 || isOdd) return undefined;
  const shown = evidence.filter(({ title }) => title.startsWith('A change that fixed') && title.includes(remedy.title)).map(({ id }) => id);
  const where = remedy.url === '' ? `solution ${remedy.id}` : remedy.url;
  const rung = { outcome: 'passed', command: '', exitStatus: undefined, durationMs: 0 } as const;
  return {
    title: remedy.title,
    provider,
    model: remedy.id,
    diagnosis: {
      summary: remedy.title,
      rootCause: [
        `A change that fixed it before (${where}) is not in the code any more; it is made again.`,
        ...(remedy.rootCause === '' ? [] : [`What was found then: ${remedy.rootCause}`]),
      ].join(' '),
      claims: shown.length === 0 ? [] : [{ statement: 'It was fixed by this change before', evidenceIds: shown }],
      risk: 'Somebody may have taken it away for a reason.',
      notChecked: ['Why the change is not in the code any more.'],
    },
    files: Object.fromEntries(files.map(({ path, content }) => [path, content === undefined ? null : content.toString('utf8')])),
    rungs: [
      { ...rung, rung: 'parsed', output: `the change of ${mergeCommit.slice(0, 12)}` },
      { ...rung, rung: 'applied', output: files.map(({ path }) => path).join(', ') },
    ],
  };
}
