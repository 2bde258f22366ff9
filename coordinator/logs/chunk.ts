// Packs the entries of one batch into one row: the records as they came and what was derived from them, both compressed.
// Must never lose a byte of a record; messages that are the end of their record are kept as an offset only.
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { FieldValue, Fingerprint } from '../../analysis/entry.ts';
import { isAtLeast, severities } from '../../analysis/severity.ts';
import type { Trace } from '../../analysis/trace.ts';
import type { LogEntry } from './entry.ts';
import { cutRecords } from './record-cutting.ts';

/** As a store keeps it. A row an entry would cost many times the CPU and bytes of this. */
export interface LogChunk {
  readonly nodeId: string;
  readonly source: string;
  readonly firstTimeMs: number;
  readonly lastTimeMs: number;
  readonly receivedAtMs: number;
  readonly entries: number;
  /** Syslog number of the worst entry. */
  readonly worstSeverity: number;
  readonly meta: Uint8Array;
  readonly payload: Uint8Array;
}

export interface StoredChunk extends LogChunk {
  readonly id: number;
}

/** Columns: one list a property, in the order of the entries; what many entries share is in a dictionary. */
interface Columns {
  readonly baseMs: number;
  /** Milliseconds after the one before it. */
  readonly steps: number[];
  readonly severities: number[];
  readonly services: Dictionary;
  readonly hosts: Dictionary;
  /** The same for all entries; chunks from before there were labels have none. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly templates: Dictionary;
  readonly templateTexts: Record<string, string>;
  /** Characters before the message in its record; -1: see `messages`. */
  readonly offsets: number[];
  readonly messages: Record<number, string>;
  /** Bytes of each record in the payload, line end included. */
  readonly lengths: readonly number[];
  readonly fields: Record<number, Readonly<Record<string, FieldValue>>>;
  readonly fingerprints: Record<number, Fingerprint>;
  readonly traces: Record<number, Trace>;
}

interface Dictionary {
  readonly values: readonly string[];
  readonly indexes: readonly number[];
}

/** The records of a chunk as they came. */
export interface ChunkPayload {
  /** zstd, as an agent compressed it: it is kept without being compressed again. Undefined: it came plain. */
  readonly compressed: Buffer | undefined;
  readonly bytes: Buffer;
  readonly recordLengths: readonly number[];
}

/** Level 1: this is on the ingest path, and log text compresses well at any level. */
const compression = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/**
 * @param entries of one node and source, at least one
 * @param payload their records; undefined makes it of each entry's `raw`
 */
export function packChunk(entries: readonly LogEntry[], payload: ChunkPayload = payloadOf(entries)): LogChunk {
  const [first] = entries;
  if (first === undefined) throw new TypeError('a chunk has at least one entry');
  const [services, hosts, templates] = [new DictionaryBuilder(), new DictionaryBuilder(), new DictionaryBuilder()];
  const columns: Columns = {
    baseMs: first.timeMs,
    steps: [],
    severities: [],
    services,
    hosts,
    labels: first.labels,
    templates,
    templateTexts: {},
    offsets: [],
    messages: {},
    lengths: payload.recordLengths,
    fields: {},
    fingerprints: {},
    traces: {},
  };
  let [previousMs, firstTimeMs, lastTimeMs, worst] = [first.timeMs, first.timeMs, first.timeMs, severities.length - 1];
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index] ?? first;
    columns.steps.push(entry.timeMs - previousMs);
    previousMs = entry.timeMs;
    if (entry.timeMs < firstTimeMs) firstTimeMs = entry.timeMs;
    if (entry.timeMs > lastTimeMs) lastTimeMs = entry.timeMs;
    const severity = severities.indexOf(entry.severity);
    if (severity < worst) worst = severity;
    columns.severities.push(severity);
    services.add(entry.service);
    hosts.add(entry.host);
    if (templates.add(entry.templateId)) columns.templateTexts[entry.templateId] = entry.templateText;
    const isEnd = entry.raw.endsWith(entry.message);
    columns.offsets.push(isEnd ? entry.raw.length - entry.message.length : -1);
    if (!isEnd) columns.messages[index] = entry.message;
    if (!isEmpty(entry.fields)) columns.fields[index] = entry.fields;
    if (entry.fingerprint !== undefined && isProblem(entry)) columns.fingerprints[index] = entry.fingerprint;
    if (entry.trace !== undefined) columns.traces[index] = entry.trace;
  }
  return {
    nodeId: first.nodeId,
    source: first.source,
    firstTimeMs,
    lastTimeMs,
    receivedAtMs: first.receivedAtMs,
    entries: entries.length,
    worstSeverity: worst,
    meta: zstdCompressSync(JSON.stringify(columns), compression),
    payload: payload.compressed ?? zstdCompressSync(payload.bytes, compression),
  };
}

/** In the order they came. */
export function unpackChunk(chunk: StoredChunk): LogEntry[] {
  const columns = JSON.parse(zstdDecompressSync(chunk.meta).toString()) as Columns;
  const records = cutRecords(zstdDecompressSync(chunk.payload), columns.lengths);
  let timeMs = columns.baseMs;
  return records.map((raw, index) => {
    timeMs += columns.steps[index] ?? 0;
    const offset = columns.offsets[index] ?? 0;
    const templateId = look(columns.templates, index);
    return {
      id: `${chunk.id}-${index}`,
      nodeId: chunk.nodeId,
      source: chunk.source,
      timeMs,
      receivedAtMs: chunk.receivedAtMs,
      severity: severities[columns.severities[index] ?? 0] ?? 'info',
      service: look(columns.services, index),
      host: look(columns.hosts, index),
      labels: columns.labels,
      message: offset < 0 ? (columns.messages[index] ?? '') : raw.slice(offset),
      fields: columns.fields[index] ?? {},
      templateId,
      templateText: columns.templateTexts[templateId] ?? '',
      fingerprint: columns.fingerprints[index],
      trace: columns.traces[index],
      raw,
    };
  });
}

function payloadOf(entries: readonly LogEntry[]): ChunkPayload {
  const records = entries.map((entry) => Buffer.from(`${entry.raw}\n`));
  return { compressed: undefined, bytes: Buffer.concat(records), recordLengths: records.map((record) => record.length) };
}

/** Fingerprints of ordinary entries are many and say no more than their template. */
function isProblem(entry: LogEntry): boolean {
  return entry.trace !== undefined || isAtLeast(entry.severity, 'warning');
}

/** Each value once, and its place for each entry; the value before is the most likely one. */
class DictionaryBuilder implements Dictionary {
  readonly values: string[] = [];
  readonly indexes: number[] = [];
  readonly #places = new Map<string, number>();
  #last = -1;

  /** True if the value is new. */
  add(value: string): boolean {
    if (this.#last >= 0 && this.values[this.#last] === value) {
      this.indexes.push(this.#last);
      return false;
    }
    let place = this.#places.get(value);
    const isNew = place === undefined;
    if (place === undefined) {
      place = this.values.push(value) - 1;
      this.#places.set(value, place);
    }
    this.#last = place;
    this.indexes.push(place);
    return isNew;
  }
}

function look(dictionary: Dictionary, index: number): string {
  return dictionary.values[dictionary.indexes[index] ?? -1] ?? '';
}

function isEmpty(record: object): boolean {
  for (const _ in record) return false;
  return true;
}
