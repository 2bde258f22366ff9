// A proposal that takes back a change which didn't work. It always waits for a person: half a fix may be better than none.
// Must never be made twice for one change: its id follows from the change's.
import { diffFiles } from '../edits/unified-diff.ts';
import { beginProposal, endOfIdFor } from '../new-proposal.ts';
import type { SolutionProposal } from '../proposal.ts';
import { followUpOf, type Followed, type FollowParts } from './follow-up.ts';

/** Undefined where it can't be taken back cleanly: later changes build upon it. */
export async function proposeRevert(
  { proposals, repositoryService, clock, events }: FollowParts,
  { proposal, incident, repository }: Followed,
): Promise<SolutionProposal | undefined> {
  const { mergeCommit } = followUpOf(proposal);
  const suffix = endOfIdFor(`revert ${proposal.id}`);
  const known = (await proposals.list({ incidentId: incident.id, states: [], limit: 50, after: undefined })).find(({ id }) =>
    id.endsWith(suffix),
  );
  if (known !== undefined || mergeCommit === undefined) return known;
  const { head } = await repositoryService.initialize(repository);
  const applied = await repositoryService.applyElsewhere(repository, { from: mergeCommit, to: undefined, onto: head });
  if (applied.kind !== 'applied') return undefined;
  const files: Record<string, string | null> = {};
  const before = new Map<string, string | undefined>();
  for (const { path, content } of applied.files) {
    const there = await repositoryService.getFileContents(repository, path, head);
    // A proposal holds texts.
    if (content?.includes(0) === true || there?.includes(0) === true) return undefined;
    files[path] = content === undefined ? null : content.toString('utf8');
    before.set(path, there?.toString('utf8'));
  }
  const title = proposal.diagnosis?.summary ?? incident.title;
  const revert: SolutionProposal = {
    ...beginProposal(incident.id, clock.now(), suffix),
    repositoryId: repository.id,
    state: 'awaiting-approval',
    stateReason: `Takes back ${mergeCommit.slice(0, 12)}, which did not stop the problem. Nothing was run to prove it.`,
    provider: 'builtin',
    model: 'revert',
    diagnosis: {
      summary: `Take back "${title}"`.slice(0, 120),
      rootCause: `The change was merged as ${mergeCommit} and deployed, and the problem showed on a revision that contains it.`,
      claims: [],
      risk: 'If the change helped in part, that part is lost.',
      notChecked: ['that the revert builds and passes the tests: the change request’s own checks say so'],
    },
    evidence: proposal.evidence,
    locations: proposal.locations,
    files,
    diff: diffFiles(before, files),
    baseCommit: head,
    reverts: proposal.id,
  };
  await proposals.save(revert);
  events.emit({ proposal: revert, event: 'revert proposed' });
  return revert;
}
