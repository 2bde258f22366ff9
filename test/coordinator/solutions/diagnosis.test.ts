// What the built-in engine says of a problem that none of its patterns fits.
// Must never need a repository; the integration tests have one.
import { describe, expect, it } from 'vitest';
import { noOpenChanges } from '../../../coordinator/solutions/open-changes.ts';
import { diagnoseByPattern } from '../../../coordinator/solutions/pattern-proposer.ts';
import { readProblem } from '../../../coordinator/solutions/problem.ts';
import { sampleIncident, sampleOccurrence, sampleRepository } from '../../support/solution-samples.ts';

function diagnosisOf(message: string) {
  const problem = readProblem(sampleIncident({ title: message }), [sampleOccurrence(undefined, { message, raw: message })]);
  const nothing = { locations: [], suspects: [], files: new Map(), functions: new Map(), tests: [], openChanges: noOpenChanges };
  const entry = { id: 'E2', kind: 'entry' as const, title: '', body: message, timeMs: undefined, nodeId: undefined };
  return diagnoseByPattern({ problem, repository: sampleRepository(), baseCommit: 'c0ffee', evidence: [entry], ...nothing }, undefined);
}

describe('a diagnosis without a fix', () => {
  it('says of a problem of the host what it is and what to do, step by step', () => {
    const { rootCause, claims } = diagnosisOf('cannot store upload: ENOSPC: no space left on device, write');
    expect(rootCause).toMatch(
      /^The file system of .* has no space left.*No edit of the code cures that\.\n\nWhat to do, on node-1:\n1\. `df -h/,
    );
    expect(claims.at(-1)?.statement).toMatch(/^A filesystem is full\. What helps with it: Find what grew/);
    expect(claims.at(-1)?.evidenceIds).toEqual(['E2']);
  });

  it('claims nothing of a problem that nobody knows', () => {
    const { rootCause, claims } = diagnosisOf('the moon is in the wrong house');
    expect(rootCause).toBe('Not determined.');
    expect(claims).toHaveLength(1);
  });
});
