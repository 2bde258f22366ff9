// What a solution proposal is and the states it goes through, with the store and the service around it as contracts.
// Must never hold how one is made (proposer), proven (validator) or delivered (publisher).
import type { ModelChoice } from '../model/router.ts';
import type { FixAnswer } from '../incidents/fix-verdict.ts';
import type { ReproductionOrigin } from './reproduction/reproduction.ts';
import type { CodeLocation, Rung, SuspectCommit } from '../repository/repository.ts';

/**
 * | from | event | to |
 * | --- | --- | --- |
 * | preparing | context ready | proposing |
 * | proposing | edits | validating |
 * | proposing | no provider answered, or no fix known | diagnosed |
 * | validating | gate passed, mode deploy | publishing |
 * | validating | rungs climbed, mode suggest, or mode deploy and a person should see the change first | awaiting-approval |
 * | validating | gate not passed, mode deploy | diagnosed (delivered as an issue where the remote has them) |
 * | awaiting-approval | approve, and the repository wants one more person | awaiting-approval |
 * | awaiting-approval | approve | publishing |
 * | awaiting-approval | reject | rejected |
 * | publishing | delivered | published |
 * | publishing | the remote refuses it | awaiting-approval (again, once a person mended what is wrong) |
 * | publishing | somebody else fixed it, or has a change request open that does | superseded |
 * | published | merged | merged (waiting for its deployment, then for the verdict) |
 * | published | closed unmerged: a person's no | declined |
 * | published | the problem was fixed another way | superseded |
 * | merged | it works | fixed |
 * | merged, fixed | it shows on a revision that contains the change | not-fixed |
 * | any before published | error that no retry helps | failed |
 */
export type ProposalState =
  | 'preparing'
  | 'proposing'
  | 'validating'
  | 'awaiting-approval'
  | 'publishing'
  | 'published'
  | 'rejected'
  | 'diagnosed'
  | 'failed'
  | 'merged'
  | 'declined'
  | 'superseded'
  | 'fixed'
  | 'not-fixed';

export type RungOutcome = 'passed' | 'failed' | 'skipped';

export interface RungResult {
  readonly rung: Rung;
  readonly outcome: RungOutcome;
  /** As run, for people; empty if nothing ran. */
  readonly command: string;
  readonly exitStatus: number | undefined;
  readonly durationMs: number;
  /** The end of the output, or the reason for skipping; control characters removed. */
  readonly output: string;
  /** True if it failed on the base revision and passes with the change. */
  readonly showsFix?: boolean;
  /** Of a reproduction by a test: where it is from. */
  readonly shownBy?: ReproductionOrigin;
}

export interface ValidationReport {
  readonly rungs: readonly RungResult[];
  /** Undefined while the ladder is being climbed. */
  readonly finishedAtMs: number | undefined;
  readonly gate: Rung;
  readonly gatePassed: boolean;
}

export interface Claim {
  readonly statement: string;
  readonly evidenceIds: readonly string[];
}

export interface Diagnosis {
  readonly summary: string;
  readonly rootCause: string;
  readonly claims: readonly Claim[];
  readonly risk: string;
  readonly notChecked: readonly string[];
}

/** What a diagnosis cites by id. */
export interface Evidence {
  /** `E1`, `E2`, … in a fixed order. */
  readonly id: string;
  readonly kind: 'entry' | 'trace' | 'code' | 'commit' | 'fact' | 'change';
  readonly title: string;
  readonly body: string;
  readonly timeMs: number | undefined;
  readonly nodeId: string | undefined;
}

export interface ModelUsage {
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly durationMs: number;
  readonly costUsd: number;
}

export interface Delivery {
  readonly kind: 'change-request' | 'issue';
  readonly remote: string;
  readonly url: string;
  readonly branch: string;
  readonly commit: string;
  readonly number: string;
}

/** What a change request is made of. */
export interface Publication {
  readonly branch: string;
  readonly title: string;
  readonly body: string;
  /** Of the commit. */
  readonly message: string;
  readonly labels: readonly string[];
  readonly reviewers: readonly string[];
  readonly draft: boolean;
  /** Of the incident, when it was worded. */
  readonly occurrences: number;
}

/** Why a solution is made anew. */
export interface Feedback {
  readonly solutionId: string;
  /** From 1. */
  readonly round: number;
  /** Of the change that was looked at. */
  readonly diff: string;
  readonly comments: readonly {
    readonly author: string;
    readonly body: string;
    readonly path: string | undefined;
    readonly line: number | undefined;
  }[];
}

/** What is known of a change request since it was made. */
export interface FollowUp {
  readonly lookedAtMs: number;
  /** What the forge's CI says of its head: `3 passed, 1 failed`; empty if nothing. */
  readonly checks: string;
  /** Why it can't be followed at the moment; empty while it can. */
  readonly problem: string;
  /** What we wrote last: a body that differs at the forge was edited by a person and is theirs. */
  readonly writtenBody: string;
  /** Occurrences when the body was written. */
  readonly toldOccurrences: number;
  /** Ids of comments that were answered, or need no answer. */
  readonly answered: readonly string[];
  /** Rounds that comments caused. */
  readonly rounds: number;
  /** The last base that was looked at; `proving` until the ladder was climbed on it. */
  readonly rebasing?:
    | { readonly base: string; readonly state: 'proving' | 'left'; readonly sinceMs: number; readonly note: string }
    | undefined;
  /** The commit by which it came into its target. */
  readonly mergeCommit: string | undefined;
  readonly mergedAtMs: number | undefined;
  /** Where the verdict stands, with its figures. */
  readonly verdict: FixAnswer | undefined;
  readonly decidedAtMs: number | undefined;
}

export interface SolutionProposal {
  /** ULID. */
  readonly id: string;
  readonly incidentId: string;
  readonly repositoryId: string | undefined;
  readonly state: ProposalState;
  /** In words, for people: why it is where it is. */
  readonly stateReason: string;
  readonly provider: string;
  readonly model: string;
  readonly diagnosis: Diagnosis | undefined;
  readonly evidence: readonly Evidence[];
  readonly locations: readonly CodeLocation[];
  readonly suspectCommits: readonly SuspectCommit[];
  /** Files after the edits, by path; `null` deletes. */
  readonly files: Readonly<Record<string, string | null>>;
  /** Unified diff against `baseCommit`; empty without edits. */
  readonly diff: string;
  readonly baseCommit: string | undefined;
  /** The test among `files` that was made from the incident: it failed at `baseCommit` and passes with the change. */
  readonly reproduction?: { readonly path: string; readonly origin: ReproductionOrigin } | undefined;
  readonly validation: ValidationReport | undefined;
  /** 0 to 1, computed from rungs and evidence. */
  readonly confidence: number;
  readonly delivery: Delivery | undefined;
  readonly usage: ModelUsage;
  /** Which models were considered, and what became of each; undefined in proposals of earlier versions. */
  readonly modelChoices?: readonly ModelChoice[] | undefined;
  readonly decidedBy: string | undefined;
  /** Chosen before anything is pushed, so that a crash in between leads to the same again. */
  readonly publication?: Publication | undefined;
  /** Names of those who approved it, where the repository wants more than one. */
  readonly approvedBy?: readonly string[] | undefined;
  /** Of a change request: what became of it. Undefined until it was looked at, and in what older versions kept. */
  readonly followUp?: FollowUp | undefined;
  /** What reviewers of an earlier one want different. */
  readonly feedback?: Feedback | undefined;
  /** The solution whose change this one takes back. */
  readonly reverts?: string | undefined;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface ProposalStore {
  save(proposal: SolutionProposal): Promise<void>;
  /** Only while it is kept in that state. @returns false where another job has moved it on, and nothing was saved */
  saveWhile(state: ProposalState, proposal: SolutionProposal): Promise<boolean>;
  /** Id, or an unambiguous beginning of it. */
  get(id: string): Promise<SolutionProposal | undefined>;
  /** Newest first; `after` is the id of the last one seen. */
  list(query: {
    incidentId: string | undefined;
    states: readonly ProposalState[];
    limit: number;
    after: string | undefined;
  }): Promise<readonly SolutionProposal[]>;
  countByState(): Promise<ReadonlyMap<string, number>>;
}

/** What operators ask of solutions; the API calls nothing else. */
export interface SolutionService {
  list: ProposalStore['list'];
  get(id: string): Promise<SolutionProposal>;
  /** Begins a new proposal as a job and answers at once. */
  generate(incidentId: string): Promise<SolutionProposal>;
  validate(id: string): Promise<SolutionProposal>;
  approve(id: string, by: string, note: string): Promise<SolutionProposal>;
  reject(id: string, by: string, note: string): Promise<SolutionProposal>;
  /** Every change from now on, of one incident or of all. */
  watch(incidentId: string | undefined, signal: AbortSignal): AsyncIterable<{ proposal: SolutionProposal; event: string }>;
}
