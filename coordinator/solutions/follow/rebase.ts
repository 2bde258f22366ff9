// Brings an open change request onto a base that changed the same files: merged as git does, proven anew, and only then pushed.
// Must never push over a person's commit, or push what failed on the new base.
import { HephaestusError } from '../../../base/errors.ts';
import { conventionsOf } from '../conventions.ts';
import { diffFiles } from '../edits/unified-diff.ts';
import type { SolutionProposal } from '../proposal.ts';
import { followUpOf, withFollowUp, type Followed, type FollowParts } from './follow-up.ts';

export type Rebased =
  /** `note` for people, empty if there is nothing to say. */
  | { readonly kind: 'kept'; readonly proposal: SolutionProposal; readonly note: string }
  /** The base has the same change already. */
  | { readonly kind: 'needless' };

export async function rebase(parts: FollowParts, followed: Followed): Promise<Rebased> {
  const { repositoryService, jobs, clock, proposals } = parts;
  const { proposal, repository } = followed;
  const { delivery, baseCommit } = proposal;
  const kept = (note: string): Rebased => ({ kind: 'kept', proposal, note });
  const { rebasing } = followUpOf(proposal);
  if (rebasing?.state === 'proving') return push(parts, followed);
  if (delivery === undefined || baseCommit === undefined || conventionsOf(repository).rebase === 'never') return kept('');
  const { head } = await repositoryService.initialize(repository);
  if (head === baseCommit || rebasing?.base === head) return kept(rebasing?.note ?? '');
  const applied = await repositoryService.applyElsewhere(repository, { from: baseCommit, to: delivery.commit, onto: head });
  if (applied.kind === 'nothing') return { kind: 'needless' };
  const told = (note: string): Rebased => ({
    kind: 'kept',
    proposal: withFollowUp(proposal, { rebasing: { base: head, state: 'left', sinceMs: clock.now(), note } }),
    note,
  });
  if (applied.kind === 'conflict')
    return told(
      `it conflicts with the base in ${applied.paths.slice(0, 3).join(', ')}; ask for a new one with: hephaestusctl solutions propose ${proposal.incidentId}`,
    );
  const paths = Object.keys(proposal.files);
  const before = new Map<string, string | undefined>();
  let isTouched = false;
  for (const path of paths) {
    const there = (await repositoryService.getFileContents(repository, path, head))?.toString('utf8');
    before.set(path, there);
    isTouched ||= there !== (await repositoryService.getFileContents(repository, path, baseCommit))?.toString('utf8');
  }
  if (!isTouched) return told('');
  const files: Record<string, string | null> = { ...proposal.files };
  for (const { path, content } of applied.files) files[path] = content === undefined ? null : content.toString('utf8');
  const moved: SolutionProposal = {
    ...withFollowUp(proposal, { rebasing: { base: head, state: 'proving', sinceMs: clock.now(), note: '' } }),
    baseCommit: head,
    files,
    diff: diffFiles(before, files),
  };
  await proposals.save(moved);
  await jobs.enqueue('validate', proposal.id);
  return { kind: 'kept', proposal: moved, note: 'the base changed the same files; it is proven anew on it' };
}

async function push(parts: FollowParts, { proposal, repository }: Followed): Promise<Rebased> {
  const { repositoryService } = parts;
  const { rebasing } = followUpOf(proposal);
  const { validation, delivery, publication } = proposal;
  const provenAtMs = validation?.finishedAtMs ?? 0;
  if (rebasing === undefined || delivery === undefined || publication === undefined || provenAtMs < rebasing.sinceMs) {
    return { kind: 'kept', proposal, note: 'it is proven anew on the moved base' };
  }
  const failed = validation?.rungs.find(({ outcome }) => outcome === 'failed');
  if (failed !== undefined) {
    const note = `on the moved base it fails at ${failed.rung}; its branch is left as it was`;
    return { kind: 'kept', proposal: withFollowUp(proposal, { rebasing: { ...rebasing, state: 'left', note } }), note };
  }
  const files = Object.entries(proposal.files).map(([path, text]) => ({
    path,
    content: text === null ? undefined : Buffer.from(text, 'utf8'),
  }));
  const { branch, message } = publication;
  try {
    const { commit } = await repositoryService.updateFileContents(repository, { branch, base: rebasing.base, files, message });
    const done = withFollowUp(proposal, { rebasing: { ...rebasing, state: 'left', note: '' } });
    return { kind: 'kept', proposal: { ...done, delivery: { ...delivery, commit } }, note: `brought onto ${rebasing.base.slice(0, 12)}` };
  } catch (error) {
    const failure = HephaestusError.from(error);
    if (failure.retry !== 'never') throw failure;
    return {
      kind: 'kept',
      proposal: withFollowUp(proposal, { rebasing: { ...rebasing, state: 'left', note: failure.message } }),
      note: failure.message,
    };
  }
}
