// Turns the records of a batch into entries: runs analysis, fills in what the record doesn't say, remembers the lines before.
// Must never do I/O; it is called on the ingest path, synchronously.
import type { Fingerprint, ParsedRecord, TemplateMatch } from '../../analysis/entry.ts';
import type { KnownProblem } from '../../analysis/known-problems/known-problem.ts';
import type { LogEntry } from './entry.ts';

/** What is known of a record's source without reading it. */
export interface RecordHints {
  /** Service that writes the source, if configured; empty otherwise. */
  readonly service: string;
  /** Of node and source. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly journal: boolean;
  readonly receivedAtMs: number;
}

export interface AnalysedRecord {
  readonly record: ParsedRecord;
  readonly template: TemplateMatch;
  readonly fingerprint: Fingerprint | undefined;
  readonly knownProblem?: KnownProblem | undefined;
}

/** Analysis as the coordinator uses it. `source` is unique over all nodes. */
export interface RecordAnalyzer {
  analyze(source: string, text: string, hints: RecordHints): AnalysedRecord;
}

export interface ProcessedRecord {
  readonly entry: LogEntry;
  /** Up to 20 records of the same source just before it. */
  readonly before: () => readonly string[];
}

const linesBefore = 20;
const longestLineBefore = 2000;
/** An entry's own time may run ahead of ours by a clock that is off; beyond this it is no time of this log. */
const furthestFutureMs = 86_400_000;

export class RecordProcessor {
  readonly #analyzer: RecordAnalyzer;
  readonly #tails = new Map<string, readonly string[]>();

  constructor(analyzer: RecordAnalyzer) {
    this.#analyzer = analyzer;
  }

  process(
    origin: { readonly nodeId: string; readonly source: string; readonly readAtMs: number | undefined },
    records: readonly string[],
    hints: RecordHints,
  ): readonly ProcessedRecord[] {
    const key = `${origin.nodeId}/${origin.source}`;
    const tail = this.#tails.get(key) ?? [];
    const processed = records.map((raw, index) => ({
      entry: this.#read(origin, key, raw, hints),
      before: () => clip([...tail, ...records.slice(0, index)]),
    }));
    this.#tails.set(key, records.length >= linesBefore ? clip(records) : clip([...tail, ...records]));
    return processed;
  }

  /** Forgets the remembered lines of a node. */
  forget(nodeId: string): void {
    for (const key of this.#tails.keys()) if (key.startsWith(`${nodeId}/`)) this.#tails.delete(key);
  }

  #read(origin: { nodeId: string; source: string; readAtMs: number | undefined }, key: string, raw: string, hints: RecordHints): LogEntry {
    const { record, template, fingerprint, knownProblem } = this.#analyzer.analyze(key, raw, hints);
    const readAtMs = origin.readAtMs ?? hints.receivedAtMs;
    const statedMs = record.timeMs;
    return {
      id: '',
      nodeId: origin.nodeId,
      source: origin.source,
      timeMs: statedMs === undefined || statedMs > hints.receivedAtMs + furthestFutureMs ? readAtMs : statedMs,
      receivedAtMs: hints.receivedAtMs,
      severity: record.severity ?? (record.trace === undefined ? 'info' : 'error'),
      service: hints.service === '' ? (record.process ?? origin.source) : hints.service,
      host: record.host ?? '',
      labels: hints.labels,
      message: record.message,
      fields: record.fields,
      templateId: template.id,
      templateText: template.text,
      fingerprint,
      trace: record.trace,
      knownProblem,
      raw,
    };
  }
}

function clip(lines: readonly string[]): readonly string[] {
  return lines.slice(-linesBefore).map((line) => (line.length > longestLineBefore ? `${line.slice(0, longestLineBefore)}…` : line));
}
