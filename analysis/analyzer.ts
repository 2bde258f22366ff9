// The analyzer: from a record's text to its parts, its template and its fingerprint, for any number of sources.
// Must never do I/O or read a clock: the same records in the same order give the same results.
import type { Fingerprint, FieldValue, ParsedRecord, TemplateMatch } from './entry.ts';
import { fingerprintOf } from './fingerprint.ts';
import { readAudit } from './formats/audit.ts';
import { withoutColours } from './formats/colours.ts';
import { readCri } from './formats/cri.ts';
import { readDocker } from './formats/docker.ts';
import { readJournalFields, readJournalLine } from './formats/journal.ts';
import { readJson } from './formats/json.ts';
import { readLogfmt } from './formats/logfmt.ts';
import type { RecordPart } from './formats/record-part.ts';
import { readSyslog } from './formats/syslog.ts';
import { Columns } from './headers/columns.ts';
import { HeaderReader, type HeaderSnapshot } from './headers/header-reader.ts';
import { leadField, noHeader, type Header } from './headers/header.ts';
import { knownProblemMatcher } from './known-problems/catalogue.ts';
import type { KnownProblem } from './known-problems/known-problem.ts';
import { NoticeBoard, type Notice } from './notices.ts';
import { severityOfMessage, type Severity } from './severity.ts';
import type { Trace } from './trace.ts';
import { holdsEscapedLines } from './traces/trace-lines.ts';
import { parseTrace } from './traces/trace-reader.ts';
import { copyOf } from './templates/template.ts';
import { TemplateMiner, type MinerOptions, type MinerSnapshot } from './templates/miner.ts';

export interface AnalyzerOptions {
  readonly miner?: Partial<MinerOptions>;
  /** Sources whose headers are remembered; the one that was silent longest is forgotten first. */
  readonly maxSources?: number;
  /** False where the texts are messages whose headers were taken off already. */
  readonly headers?: boolean;
}

/** What is known of a record beside its text. */
export interface AnalyzeHints {
  /** When the record was read, in Unix milliseconds: completes timestamps without a year or a date. */
  readonly timeMs?: number | undefined;
  /** The service that wrote it, where the caller knows better than the record. */
  readonly service?: string | undefined;
  /** Structured fields that came with it: a journal entry's, or an application's. */
  readonly fields?: Readonly<Record<string, FieldValue>> | undefined;
}

export interface Analysis {
  readonly record: ParsedRecord;
  readonly template: TemplateMatch;
  readonly fingerprint: Fingerprint;
  /** What the catalogue knows of it. */
  readonly knownProblem: KnownProblem | undefined;
  /** What to tell people of this source; each kind of notice comes once. */
  readonly notice: Notice | undefined;
}

/** What an analyzer has learnt, as plain data for JSON. */
export interface AnalyzerSnapshot {
  readonly version: 1;
  readonly miner: MinerSnapshot;
  readonly sources: readonly { readonly source: string; readonly header: HeaderSnapshot }[];
}

const defaultMaxSources = 10_000;

/** Templates whose fingerprints are remembered, so that they cost no hashing; and variants of each, by service and severity. */
const maxFingerprints = 20_000;
const maxVariants = 8;

interface KnownFingerprint {
  readonly text: string;
  readonly severity: Severity | undefined;
  readonly service: string | undefined;
  readonly knownProblemId: string | undefined;
  readonly fingerprint: Fingerprint;
}

const noFields: Readonly<Record<string, FieldValue>> = Object.freeze({});

export class Analyzer {
  private readonly columns = new Columns();
  private readonly headers = new Map<string, HeaderReader>();
  private readonly miner: TemplateMiner;
  private readonly maxSources: number;
  /** Where the message of the last record stands, if it is part of a longer text. */
  private inside: string | undefined = undefined;
  private from = 0;
  private to = 0;
  /** Whoever read the header of the last record, if anyone did. */
  private reader: HeaderReader | undefined = undefined;
  private readonly notices = new NoticeBoard();
  private readonly readsHeaders: boolean;
  private readonly fingerprints = new Map<string, readonly KnownFingerprint[]>();

  constructor(options: AnalyzerOptions = {}) {
    this.miner = new TemplateMiner(options.miner);
    this.maxSources = options.maxSources ?? defaultMaxSources;
    this.readsHeaders = options.headers ?? true;
  }

  /** Reads one record of `source` (any name that is the same for lines of one make, such as node and path). */
  analyze(source: string, given: string, hints: AnalyzeHints = {}): Analysis {
    const text = withoutColours(given);
    const { forgotten } = this.miner;
    const record = this.read(source, text, hints);
    const template = this.inside === undefined ? this.miner.match(record.message) : this.miner.match(this.inside, this.from, this.to);
    if (this.reader?.lastEarly !== undefined) this.relearn(this.reader, template.id);
    const notice = this.notices.post(source, text, {
      formatChanged: this.reader?.changed === true,
      templatesForgotten: this.miner.forgotten !== forgotten,
    });
    const service = hints.service ?? record.process;
    const knownProblem = knownProblemMatcher.recognize(record);
    const { trace, severity } = record;
    if (trace === undefined) {
      const knownProblemId = knownProblem?.isOne === true ? knownProblem.id : undefined;
      return {
        record,
        template,
        fingerprint: this.fingerprintWithoutTrace(template, severity, service, knownProblemId),
        knownProblem,
        notice,
      };
    }
    // Its frames tell more than the class of problem that it belongs to.
    const fingerprint = fingerprintOf({ trace, template, service, severity, knownProblemId: undefined });
    return { record, template, fingerprint, knownProblem, notice };
  }

  /** The id that a template has become since it was merged into another; the same id if it wasn't. */
  resolveTemplate(id: string): string {
    return this.miner.resolve(id);
  }

  /** The present text of a template, whatever ids it had. */
  templateText(id: string): string | undefined {
    return this.miner.textOf(id);
  }

  /** Templates alive. */
  get templateCount(): number {
    return this.miner.size;
  }

  snapshot(): AnalyzerSnapshot {
    const sources = Array.from(this.headers, ([source, reader]) => ({ source, header: reader.snapshot() }));
    return { version: 1, miner: this.miner.snapshot(), sources };
  }

  restore(snapshot: AnalyzerSnapshot): void {
    this.headers.clear();
    this.fingerprints.clear();
    this.miner.restore(snapshot.miner);
    for (const { source, header } of snapshot.sources) {
      const reader = new HeaderReader(this.columns);
      reader.restore(header);
      this.headers.set(source, reader);
    }
  }

  private read(source: string, text: string, hints: AnalyzeHints): ParsedRecord {
    this.reader = undefined;
    this.inside = undefined;
    const journal = hints.fields === undefined ? undefined : readJournalFields(hints.fields);
    if (journal !== undefined) return this.complete(journal, `${source}\n${journal.process ?? ''}`, hints);
    const first = text.charCodeAt(0);
    let part: RecordPart | undefined;
    let key = source;
    if (first === 123) part = readDocker(text) ?? readJournalLine(text);
    else if (first === 60) {
      const syslog = readSyslog(text);
      part = syslog?.part;
      if (syslog?.headerFollows === true) key = `${source}\n<>`;
    } else if (first >= 48 && first <= 57) part = readCri(text);
    if (part === undefined) return this.complete({ message: text }, key, hints);
    return this.complete(part, `${key}\n${part.process ?? part.format ?? ''}`, hints);
  }

  /** Reads what is inside an envelope, or the whole text where there was none. */
  private complete(part: RecordPart, key: string, hints: AnalyzeHints): ParsedRecord {
    const text = part.message ?? '';
    const structured = readStructured(text);
    if (structured !== undefined) return recordOf(part, noHeader, structured, hints);
    this.reader = this.readsHeaders ? this.readerOf(key) : undefined;
    const header = this.reader?.read(text, hints.timeMs) ?? noHeader;
    let from = header.end;
    let to = text.length;
    while (from < to && text.charCodeAt(from) <= 32) from++;
    while (to > from && text.charCodeAt(to - 1) <= 32) to--;
    const message = text.slice(from, to);
    // A collector's time before a program's JSON or logfmt.
    const inner = header.end > 0 ? readStructured(message) : undefined;
    if (inner !== undefined) return recordOf(part, header, inner, hints);
    this.inside = text;
    this.from = from;
    this.to = to;
    return recordOf(part, header, { message }, hints);
  }

  private readerOf(key: string): HeaderReader {
    let reader = this.headers.get(key);
    if (reader === undefined) {
      if (this.headers.size >= this.maxSources) {
        const oldest = this.headers.keys().next().value;
        if (oldest !== undefined) this.headers.delete(oldest);
      }
      reader = new HeaderReader(this.columns);
      this.headers.set(key, reader);
    }
    return reader;
  }

  /** Once a layout is better known, the messages of its first lines are matched again, and their templates follow. */
  private relearn(reader: HeaderReader, templateId: string): void {
    if (reader.lastEarly !== undefined) reader.lastEarly.templateId = templateId;
    const moved = new Map<string, { readonly to: Set<string>; lines: number }>();
    for (const { line, templateId: old, message } of reader.reread()) {
      const { id } = this.miner.match(message.trim());
      line.templateId = id;
      const move = moved.get(old);
      if (move === undefined) moved.set(old, { to: new Set([id]), lines: 1 });
      else {
        move.to.add(id);
        move.lines++;
      }
    }
    for (const [old, { to, lines }] of moved) {
      const [first] = to;
      if (first !== undefined) this.miner.supersede(this.miner.resolve(old), this.miner.resolve(first), lines);
    }
  }

  private fingerprintWithoutTrace(
    template: TemplateMatch,
    severity: Severity | undefined,
    service: string | undefined,
    knownProblemId: string | undefined,
  ): Fingerprint {
    const known = this.fingerprints.get(template.id) ?? [];
    for (const entry of known) {
      // The value stays while the template generalises; the text that explains it doesn't.
      if (
        entry.text === template.text &&
        entry.severity === severity &&
        entry.service === service &&
        entry.knownProblemId === knownProblemId
      )
        return entry.fingerprint;
    }
    const owned = service === undefined ? undefined : copyOf(service);
    const fingerprint = fingerprintOf({ trace: undefined, template, service: owned, severity, knownProblemId });
    const entry = { text: template.text, severity, service: owned, knownProblemId, fingerprint };
    if (this.fingerprints.size >= maxFingerprints) this.fingerprints.clear();
    this.fingerprints.set(template.id, [entry, ...known.slice(0, maxVariants - 1)]);
    return fingerprint;
  }
}

/** The trace in a message of several lines, or of one that holds them escaped. */
function traceIn(message: string): Trace | undefined {
  return message.includes('\n') || holdsEscapedLines(message) ? parseTrace(message) : undefined;
}

function mergeFields(
  hinted: Readonly<Record<string, FieldValue>> | undefined,
  read: Readonly<Record<string, FieldValue>> | undefined,
): Readonly<Record<string, FieldValue>> {
  if (hinted === undefined) return read ?? noFields;
  return read === undefined || read === hinted ? hinted : { ...hinted, ...read };
}

/** What stood before the time; nothing, and no object, for nearly every line. */
function leadFields(lead: string | undefined): Readonly<Record<string, FieldValue>> | undefined {
  return lead === undefined ? undefined : { [leadField(lead)]: lead };
}

function readStructured(text: string): RecordPart | undefined {
  return readJson(text) ?? readAudit(text) ?? readLogfmt(text);
}

/**
 * Puts a record together. What the envelope says (journal, container runtime, syslog) comes first, then the header, then
 * what the application wrote; but for the level, which the application knows better.
 */
function recordOf(envelope: RecordPart, header: Readonly<Header>, inner: RecordPart, hints: AnalyzeHints): ParsedRecord {
  const message = inner.message ?? '';
  const trace = traceIn(message);
  return {
    format: envelope.format ?? inner.format ?? 'plain',
    timeMs: envelope.timeMs ?? header.timeMs ?? inner.timeMs,
    severity: inner.severity ?? header.severity ?? envelope.severity ?? (trace === undefined ? severityOfMessage(message) : 'error'),
    host: envelope.host ?? header.host ?? inner.host,
    process: envelope.process ?? header.process ?? inner.process,
    pid: envelope.pid ?? header.pid ?? inner.pid,
    component: header.component ?? inner.component,
    thread: envelope.thread ?? header.thread ?? inner.thread,
    requestId: header.requestId ?? inner.requestId,
    message,
    fields: mergeFields(mergeFields(hints.fields, envelope.fields), mergeFields(leadFields(header.lead), inner.fields)),
    trace,
  };
}
