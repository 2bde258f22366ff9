// A proposal with the candidate that was proven: its change, its ladder, and how sure we may be.
// Must never save it or change its state.
import type { Clock } from '../../base/clock.ts';
import type { RepositoryService } from '../repository/repository.ts';
import { diffFiles } from './edits/unified-diff.ts';
import { computeConfidence, judgeGate } from './gate.ts';
import { readBase, type Groundwork } from './groundwork.ts';
import type { SolutionProposal } from './proposal.ts';
import type { Tried } from './trials.ts';

export async function withProof(
  { repositoryService, clock }: { readonly repositoryService: RepositoryService; readonly clock: Clock },
  proposal: SolutionProposal,
  groundwork: Groundwork,
  { candidate, results }: Tried,
): Promise<SolutionProposal> {
  const before = await readBase(repositoryService, groundwork, Object.keys(candidate.files));
  const diff = diffFiles(before, candidate.files);
  const changedLines = diff.split('\n').filter((line) => /^[+-](?![+-]{2} )/.test(line)).length;
  return {
    ...proposal,
    provider: candidate.provider,
    model: candidate.model,
    diagnosis: candidate.diagnosis,
    files: candidate.files,
    diff,
    validation: judgeGate(results, groundwork.repository.gate, clock.now()),
    confidence: computeConfidence({
      results,
      locations: groundwork.locations,
      suspects: groundwork.suspects,
      changedPaths: Object.keys(candidate.files),
      changedLines,
    }),
  };
}
