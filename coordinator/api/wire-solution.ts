// Translates solution proposals to the wire.
// Must never leave out why a proposal is where it is.
import {
  Rung as WireRung,
  RungOutcome as WireOutcome,
  SolutionState as WireState,
  type FixVerdict as WireVerdict,
  type FollowUp as WireFollowUp,
  type SolutionProposal as WireProposal,
  type SuspectCommit as WireSuspect,
  type ValidationReport as WireReport,
} from '../../proto/index.ts';
import type { FixAnswer } from '../incidents/fix-verdict.ts';
import type { Rung, SuspectCommit } from '../repository/repository.ts';
import type { FollowUp, ProposalState, RungOutcome, SolutionProposal, ValidationReport } from '../solutions/proposal.ts';
import { keyOf, writeDuration, writeTime } from './wire-values.ts';

const stateNames: Readonly<Record<ProposalState, WireState>> = {
  preparing: WireState.PREPARING,
  proposing: WireState.PROPOSING,
  validating: WireState.VALIDATING,
  'awaiting-approval': WireState.AWAITING_APPROVAL,
  publishing: WireState.PUBLISHING,
  published: WireState.PUBLISHED,
  rejected: WireState.REJECTED,
  diagnosed: WireState.DIAGNOSED,
  failed: WireState.FAILED,
  merged: WireState.MERGED,
  declined: WireState.DECLINED,
  superseded: WireState.SUPERSEDED,
  fixed: WireState.FIXED,
  'not-fixed': WireState.NOT_FIXED,
};

const rungNames: Readonly<Record<Rung, WireRung>> = {
  parsed: WireRung.PARSED,
  applied: WireRung.APPLIED,
  syntax: WireRung.SYNTAX,
  builds: WireRung.BUILDS,
  tests: WireRung.TESTS,
  reproduced: WireRung.REPRODUCED,
};

const outcomeNames: Readonly<Record<RungOutcome, WireOutcome>> = {
  passed: WireOutcome.PASSED,
  failed: WireOutcome.FAILED,
  skipped: WireOutcome.SKIPPED,
};

export function readProposalStates(states: readonly WireState[]): ProposalState[] {
  return states.flatMap((state) => keyOf(stateNames, state) ?? []);
}

export function writeProposal(proposal: SolutionProposal): WireProposal {
  const { diagnosis, usage } = proposal;
  return {
    id: proposal.id,
    incidentId: proposal.incidentId,
    repositoryId: proposal.repositoryId ?? '',
    state: stateNames[proposal.state],
    stateReason: proposal.stateReason,
    provider: proposal.provider,
    model: proposal.model,
    diagnosis:
      diagnosis === undefined
        ? undefined
        : {
            summary: diagnosis.summary,
            rootCause: diagnosis.rootCause,
            claims: diagnosis.claims.map((claim) => ({ statement: claim.statement, evidenceIds: [...claim.evidenceIds] })),
            risk: diagnosis.risk,
            notChecked: [...diagnosis.notChecked],
          },
    locations: proposal.locations.map(({ path, line, function: name, score, reasons }) => ({
      path,
      line: line ?? 0,
      function: name ?? '',
      score,
      reasons: [...reasons],
    })),
    suspectCommits: proposal.suspectCommits.map(writeSuspect),
    diff: proposal.diff,
    baseCommit: proposal.baseCommit ?? '',
    validation: proposal.validation === undefined ? undefined : writeReport(proposal.validation),
    confidence: proposal.confidence,
    changeRequest: proposal.delivery === undefined ? undefined : { ...proposal.delivery },
    createdAt: writeTime(proposal.createdAtMs),
    updatedAt: writeTime(proposal.updatedAtMs),
    usage: {
      requests: usage.requests,
      inputTokens: usage.inputTokens,
      outputTokens: usage.outputTokens,
      duration: writeDuration(usage.durationMs),
      costUsd: usage.costUsd,
    },
    decidedBy: proposal.decidedBy ?? '',
    approvedBy: [...(proposal.approvedBy ?? [])],
    modelChoices: (proposal.modelChoices ?? []).map((choice) => ({ ...choice })),
    followUp: proposal.followUp === undefined ? undefined : writeFollowUp(proposal.followUp),
    reverts: proposal.reverts ?? '',
  };
}

function writeFollowUp(followUp: FollowUp): WireFollowUp {
  const { lookedAtMs, checks, problem, mergeCommit, mergedAtMs, rounds, verdict, decidedAtMs } = followUp;
  return {
    lookedAt: writeTime(lookedAtMs),
    checks,
    problem,
    mergeCommit: mergeCommit ?? '',
    mergedAt: writeTime(mergedAtMs),
    rounds,
    verdict: verdict === undefined ? undefined : writeVerdict(verdict, decidedAtMs),
  };
}

function writeVerdict(answer: FixAnswer, decidedAtMs: number | undefined): WireVerdict {
  const isJudged = answer.kind === 'judged';
  const numbers = isJudged ? answer.numbers : undefined;
  return {
    verdict: isJudged ? answer.verdict : 'not-deployed',
    beganAt: writeTime(isJudged ? answer.beganAtMs : undefined),
    revisions: isJudged ? [...answer.revisions] : [],
    expected: numbers?.expected ?? 0,
    seen: numbers?.seen ?? 0,
    seenOnOld: numbers?.seenOnOld ?? 0,
    seenAmbiguous: numbers?.seenAmbiguous ?? 0,
    chanceOfSilence: numbers?.chanceOfSilence ?? 1,
    errorProbability: numbers?.errorProbability ?? 0,
    nodes: isJudged ? answer.nodes : 0,
    staleNodes: [...(numbers?.staleNodes ?? [])],
    decidedAt: writeTime(decidedAtMs),
  };
}

function writeSuspect({ commit, score, reasons }: SuspectCommit): WireSuspect {
  return {
    commit: commit.hash,
    author: commit.author,
    authoredAt: writeTime(commit.authoredAtMs),
    subject: commit.subject,
    score,
    reasons: [...reasons],
  };
}

function writeReport(report: ValidationReport): WireReport {
  return {
    rungs: report.rungs.map((result) => ({
      rung: rungNames[result.rung],
      outcome: outcomeNames[result.outcome],
      command: result.command,
      exitStatus: result.exitStatus ?? 0,
      duration: writeDuration(result.durationMs),
      output: result.output,
    })),
    finishedAt: report.finishedAtMs === undefined ? undefined : writeTime(report.finishedAtMs),
    gatePassed: report.gatePassed,
    gate: rungNames[report.gate],
  };
}
