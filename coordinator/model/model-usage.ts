// What operators see of the use of models: spent and left by budget, requests by day, and what was said.
// Must never count by itself; the ledger's records are the truth.
import { dayOf, type ModelRequestStore, type Spent } from './ledger.ts';
import type { KeptExchange } from './metered-model.ts';
import type { ModelConfiguration } from './model-configuration.ts';

/** Requests of one day, repository and model together. */
export interface UsageRow {
  /** Days since 1970, UTC. */
  readonly day: number;
  /** Empty for canaries. */
  readonly repository: string;
  readonly endpoint: string;
  readonly model: string;
  readonly requests: number;
  /** Spent, or set aside by requests that are under way. */
  readonly tokens: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly usd: number;
}

/** One attempt at an answer, as kept for audit. */
export interface KeptRequest {
  readonly id: string;
  readonly atMs: number;
  readonly purpose: string;
  readonly endpoint: string;
  readonly provider: string;
  readonly model: string;
  /** `answered`, `open` while it is under way or where a crash left it, or why it failed. */
  readonly outcome: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly usd: number;
  readonly durationMs: number;
  /** Undefined where nothing is kept, or no longer. */
  readonly exchange: KeptExchange | undefined;
}

export interface ModelRequestRecords extends ModelRequestStore {
  /** Newest day first. */
  usage(sinceDay: number): Promise<readonly UsageRow[]>;
  /** Oldest first, at most 500. */
  transcript(incidentId: string, sinceMs: number, untilMs: number): Promise<readonly KeptRequest[]>;
  prune(limits: {
    readonly transcriptsBeforeMs: number;
    readonly mostTranscriptBytes: number;
    readonly requestsBeforeMs: number;
  }): Promise<void>;
}

export interface Budget {
  /** `day`, `repository`, or `money`. */
  readonly scope: 'day' | 'repository' | 'money';
  /** The repository's name. */
  readonly subject: string;
  readonly spent: number;
  readonly limit: number;
}

const dayMs = 86_400_000;
/** What was spent is kept for so long. */
const keptDays = 400;

/** Today's budgets: of the day, in money where that is limited, and of each repository that spent something. */
export function budgetsOf(
  limits: ModelConfiguration['budget'],
  today: Pick<Spent, 'dayTokens' | 'dayUsd'>,
  rows: readonly UsageRow[],
  nowMs: number,
): readonly Budget[] {
  const byRepository = new Map<string, number>();
  for (const { day, repository, tokens } of rows)
    if (day === dayOf(nowMs) && repository !== '') byRepository.set(repository, (byRepository.get(repository) ?? 0) + tokens);
  return [
    { scope: 'day', subject: '', spent: today.dayTokens, limit: limits.tokensPerDay },
    ...(limits.usdPerDay === undefined ? [] : [{ scope: 'money' as const, subject: '', spent: today.dayUsd, limit: limits.usdPerDay }]),
    ...[...byRepository].map(([subject, spent]) => ({
      scope: 'repository' as const,
      subject,
      spent,
      limit: limits.tokensPerRepositoryPerDay,
    })),
  ];
}

/** Forgets what is too old or too much. */
export async function pruneRequests(records: ModelRequestRecords, policy: ModelConfiguration['transcripts'], nowMs: number): Promise<void> {
  await records.prune({
    transcriptsBeforeMs: nowMs - policy.keepDays * dayMs,
    mostTranscriptBytes: policy.maxBytes,
    requestsBeforeMs: nowMs - keptDays * dayMs,
  });
}
