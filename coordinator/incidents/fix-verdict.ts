// The verdict on one fix, from what was counted and what was deployed: when its revision began to run, what was seen before, what since.
// Must never do I/O: whether a revision contains the fix is told from outside, and what isn't known counts for neither side.
import { RevisionTimeline, type Attribution, type Deployment } from './deployment.ts';
import type { ExposureRow } from './exposure.ts';
import { learnRate, type ExposureBucket } from './rate-model.ts';
import { defaultRecurrence, RecurrenceTally, type Observation, type RecurrenceOptions, type RecurrenceVerdict } from './recurrence.ts';

export interface FixQuestion {
  /** Traffic and occurrences since the incident was first seen, in order of time. */
  readonly rows: readonly ExposureRow[];
  readonly deployments: readonly Deployment[];
  /** Undefined: the repository doesn't know such a revision. */
  readonly hasFix: (revision: string) => boolean | undefined;
  /** Whether a revision holds a commit that reverts the fix; those without the fix else are only older ones. */
  readonly takesBack?: ((revision: string) => boolean) | undefined;
  /** Undefined: judged from when the fix began to run. After `fixed` only what came later counts. */
  readonly sinceMs: number | undefined;
  readonly options?: RecurrenceOptions | undefined;
}

export type FixAnswer =
  | { readonly kind: 'not-deployed'; readonly running: readonly string[]; readonly unknown: readonly string[] }
  | ({
      readonly kind: 'judged';
      /** When a revision with the fix first ran. */
      readonly beganAtMs: number;
      /** Revisions with the fix that were seen to run, the latest first. */
      readonly revisions: readonly string[];
      /** The first revision with the fix on which it showed. */
      readonly showedOn: string | undefined;
      readonly nodes: number;
      /** Where it showed since because somebody took the fix back. */
      readonly takenBack: { readonly revision: string; readonly occurrences: number } | undefined;
    } & RecurrenceVerdict);

/** One node, one stated revision, one stretch of time: traffic and occurrences joined. */
interface Cell {
  readonly nodeId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attribution: Attribution;
  exposure: number;
  occurrences: number;
}

export function judgeFix(question: FixQuestion): FixAnswer {
  const { deployments, hasFix } = question;
  const timeline = new RevisionTimeline(deployments.filter(({ revision }) => hasFix(revision) !== undefined));
  const cells = joinRows(question.rows, timeline, hasFix);
  const isNew = (revision: string | undefined): boolean => revision !== undefined && hasFix(revision) === true;
  const recorded = deployments.filter(({ revision }) => isNew(revision)).map(({ atMs }) => atMs);
  const stated = cells
    .filter(({ attribution }) => attribution.certainty === 'stated' && isNew(attribution.revision))
    .map(({ startMs }) => startMs);
  const beganAtMs = Math.min(...recorded, ...stated);
  if (!Number.isFinite(beganAtMs)) return notDeployed(question, cells);

  const model = learnRate(historyOf(cells, beganAtMs));
  const tally = new RecurrenceTally((revision) => isNew(revision), question.options ?? defaultRecurrence);
  const fromMs = Math.max(beganAtMs, question.sinceMs ?? 0);
  const since = cells.filter(({ endMs }) => endMs > fromMs);
  for (const cell of since) tally.add(cell satisfies Observation);
  const fresh = since.filter(({ attribution }) => isNew(attribution.revision) && isSure(attribution));
  const revisions = [...new Set(fresh.map(({ attribution }) => attribution.revision ?? ''))].toReversed();
  return {
    kind: 'judged',
    beganAtMs,
    revisions: revisions.length > 0 ? revisions : deployments.filter(({ revision }) => isNew(revision)).map(({ revision }) => revision),
    showedOn: fresh.find(({ occurrences }) => occurrences > 0)?.attribution.revision,
    nodes: new Set(fresh.map(({ nodeId }) => nodeId)).size,
    takenBack: findTakenBack(since, question),
    ...tally.judge(model),
  };
}

function findTakenBack(since: readonly Cell[], { takesBack }: FixQuestion): { revision: string; occurrences: number } | undefined {
  const showing = since.filter(
    ({ attribution, occurrences }) =>
      occurrences > 0 && attribution.revision !== undefined && isSure(attribution) && takesBack?.(attribution.revision) === true,
  );
  const revision = showing.at(-1)?.attribution.revision;
  return revision === undefined ? undefined : { revision, occurrences: showing.reduce((sum, { occurrences }) => sum + occurrences, 0) };
}

function notDeployed({ deployments, hasFix }: FixQuestion, cells: readonly Cell[]): FixAnswer {
  const named = [...deployments.map(({ revision }) => revision), ...cells.flatMap(({ attribution }) => attribution.revision ?? [])];
  const latest = [...new Set(named.toReversed())];
  return {
    kind: 'not-deployed',
    running: latest.filter((revision) => hasFix(revision) === false),
    unknown: latest.filter((revision) => hasFix(revision) === undefined),
  };
}

function isSure({ certainty }: Attribution): boolean {
  return certainty === 'stated' || certainty === 'recorded';
}

function joinRows(rows: readonly ExposureRow[], timeline: RevisionTimeline, hasFix: FixQuestion['hasFix']): readonly Cell[] {
  const cells = new Map<string, Cell>();
  for (const { nodeId, revision, startMs, widthMs, incidentId, amount } of rows) {
    const key = `${nodeId}\0${revision}\0${startMs}\0${widthMs}`;
    let cell = cells.get(key);
    if (cell === undefined) {
      // A name that the repository doesn't know ("stable") says nothing; what is recorded may.
      const stated = hasFix(revision) === undefined ? '' : revision;
      const endMs = startMs + widthMs;
      cell = {
        nodeId,
        startMs,
        endMs,
        attribution: attributeStretch(timeline, nodeId, startMs, endMs, stated),
        exposure: 0,
        occurrences: 0,
      };
      cells.set(key, cell);
    }
    if (incidentId === '') cell.exposure += amount;
    else cell.occurrences += amount;
  }
  // Every occurrence is an entry; those of the first batch may not have been counted as such.
  for (const cell of cells.values()) cell.exposure = Math.max(cell.exposure, cell.occurrences);
  return [...cells.values()].toSorted((left, right) => left.startMs - right.startMs);
}

/** As sure as its less sure end: a rollout inside the stretch makes all of it uncertain. */
function attributeStretch(timeline: RevisionTimeline, nodeId: string, startMs: number, endMs: number, stated: string): Attribution {
  const first = timeline.attribute(nodeId, startMs, stated);
  if (first.certainty === 'stated') return first;
  const last = timeline.attribute(nodeId, endMs - 1, stated);
  if (first.revision === last.revision && first.certainty === last.certainty) return first;
  return { revision: last.revision, certainty: last.revision === undefined ? 'unknown' : 'unsettled', ageMs: last.ageMs };
}

/** Of all nodes together, until the fix began to run. */
function historyOf(cells: readonly Cell[], beganAtMs: number): readonly ExposureBucket[] {
  const buckets = new Map<string, { startMs: number; endMs: number; exposure: number; occurrences: number }>();
  for (const { startMs, endMs, exposure, occurrences } of cells) {
    if (endMs > beganAtMs) continue;
    const key = `${startMs}\0${endMs}`;
    const bucket = buckets.get(key) ?? { startMs, endMs, exposure: 0, occurrences: 0 };
    bucket.exposure += exposure;
    bucket.occurrences += occurrences;
    buckets.set(key, bucket);
  }
  const list = [...buckets.values()].toSorted((left, right) => left.startMs - right.startMs);
  // It is known since it first showed; traffic before says nothing about it.
  const first = list.findIndex(({ occurrences }) => occurrences > 0);
  return first < 0 ? [] : list.slice(first);
}

/** In words, for the incident, the change request and the terminal. */
export function explainFix(answer: FixAnswer): string {
  if (answer.kind === 'not-deployed') {
    const running =
      answer.running.length === 0 ? 'no revision is known to run' : `runs now: ${answer.running.slice(0, 3).map(short).join(', ')}`;
    const unknown = answer.unknown.length === 0 ? '' : `; the repository does not know ${answer.unknown.slice(0, 3).map(short).join(', ')}`;
    return `waiting for a deployment that contains it (${running}${unknown})`;
  }
  const { verdict, numbers, revisions, nodes, beganAtMs, showedOn, takenBack } = answer;
  if (takenBack !== undefined && verdict !== 'not-fixed')
    return `it showed ${takenBack.occurrences} time(s) on revision ${short(takenBack.revision)}, which takes the fix back`;
  const where = `on revision ${short(showedOn ?? revisions[0] ?? 'unknown')}`;
  const old = numbers.seenOnOld + numbers.seenAmbiguous;
  const elsewhere = old === 0 ? '' : ` (${old} on old or unknown revisions do not count)`;
  if (verdict === 'not-fixed') return `it showed ${numbers.seen} time(s) ${where}, which contains the fix${elsewhere}`;
  const expected = `${figure(numbers.expected)} expected since ${new Date(beganAtMs).toISOString()} ${where}, ${numbers.seen} seen on ${nodes} node(s)${elsewhere}`;
  if (verdict === 'fixed')
    return `${expected}; a fix that left a quarter of it would be silent with a probability of ${figure(numbers.chanceOfSilence)}`;
  const stale = numbers.staleNodes.length === 0 ? '' : `; ${numbers.staleNodes.slice(0, 3).join(', ')} may not have been restarted`;
  return `not exercised yet: ${expected}${stale}; the silence could be chance (${figure(numbers.chanceOfSilence)}, ${figure(numbers.errorProbability)} is asked for)`;
}

function short(revision: string): string {
  return /^[0-9a-f]{40}$/.test(revision) ? revision.slice(0, 12) : revision;
}

function figure(value: number): string {
  return value >= 10 ? value.toFixed(0) : String(Number(value.toPrecision(2)));
}
