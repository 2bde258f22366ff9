// A proposal as it begins: nothing known yet but the incident.
// Must never save it.
import { createHash } from 'node:crypto';
import { createUlid } from '../../base/ulid.ts';
import type { ModelUsage, SolutionProposal } from './proposal.ts';

export const noUsage: ModelUsage = { requests: 0, inputTokens: 0, outputTokens: 0, durationMs: 0, costUsd: 0 };

/** The time of a ULID; the rest is random, or follows from a job. */
const timeCharacters = 10;

/** @param endOfId 16 characters that replace the random part of the id */
export function beginProposal(incidentId: string, nowMs: number, endOfId?: string): SolutionProposal {
  const id = createUlid(nowMs);
  return {
    id: endOfId === undefined ? id : id.slice(0, timeCharacters) + endOfId,
    incidentId,
    repositoryId: undefined,
    state: 'preparing',
    stateReason: '',
    provider: '',
    model: '',
    diagnosis: undefined,
    evidence: [],
    locations: [],
    suspectCommits: [],
    files: {},
    diff: '',
    baseCommit: undefined,
    validation: undefined,
    confidence: 0,
    delivery: undefined,
    usage: noUsage,
    decidedBy: undefined,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}

/** As it was before a candidate went on trial. */
export function withoutChange(proposal: SolutionProposal): SolutionProposal {
  return { ...proposal, files: {}, diff: '', reproduction: undefined, validation: undefined };
}

/** Follows from the job, so that a job that is run again finds the proposal that it began. */
export function endOfIdFor(jobId: string): string {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const digest = createHash('sha256').update(jobId).digest();
  return [...digest.subarray(0, 16)].map((byte) => alphabet.charAt(byte % 32)).join('');
}
