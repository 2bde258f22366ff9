// A proposal with the candidate that was proven: its change, its ladder, and how sure we may be.
// Must never save it or change its state.
import type { Clock } from '../../base/clock.ts';
import type { RepositoryService } from '../repository/repository.ts';
import type { Candidate } from './candidate.ts';
import { diffFiles } from './edits/unified-diff.ts';
import { computeConfidence, judgeGate } from './gate.ts';
import { readBase, type Groundwork } from './groundwork.ts';
import type { SolutionProposal } from './proposal.ts';
import type { KnownTest } from './reproduction/test-maker.ts';
import type { Tried } from './trials.ts';

export async function withProof(
  { repositoryService, clock }: { readonly repositoryService: RepositoryService; readonly clock: Clock },
  proposal: SolutionProposal,
  groundwork: Groundwork,
  { candidate, results, test }: Tried,
): Promise<SolutionProposal> {
  const before = await readBase(repositoryService, groundwork, Object.keys(candidate.files));
  const change = diffFiles(before, candidate.files);
  const changedLines = change.split('\n').filter((line) => /^[+-](?![+-]{2} )/.test(line)).length;
  return {
    ...proposal,
    provider: candidate.provider,
    model: candidate.model,
    diagnosis: candidate.diagnosis,
    files: test === undefined ? candidate.files : { ...candidate.files, [test.path]: test.text },
    diff: test === undefined ? change : diffFiles(before, { ...candidate.files, [test.path]: test.text }),
    reproduction: test === undefined ? undefined : { path: test.path, origin: test.origin },
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

/** What a proposal was proven by, for another climb; undefined where it proposes nothing. */
export function candidateOf(
  proposal: SolutionProposal,
): { readonly candidate: Candidate; readonly test: KnownTest | undefined } | undefined {
  const { diagnosis, provider, model, validation } = proposal;
  if (diagnosis === undefined) return undefined;
  const rungs = validation?.rungs.filter(({ rung }) => rung === 'parsed' || rung === 'applied') ?? [];
  const { files, test } = splitTest(proposal);
  return { candidate: { title: diagnosis.summary, diagnosis, provider, model, files, rungs }, test };
}

/** A proposal's change, and the test that was made from the incident. */
function splitTest({ files, reproduction }: SolutionProposal): {
  readonly files: SolutionProposal['files'];
  readonly test: KnownTest | undefined;
} {
  const text = reproduction === undefined ? undefined : files[reproduction.path];
  if (reproduction === undefined || text === undefined || text === null) return { files, test: undefined };
  const { [reproduction.path]: _, ...change } = files;
  return { files: change, test: { ...reproduction, text } };
}
