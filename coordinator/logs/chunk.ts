// Packs the entries of one batch into one row: the records as they came and what was derived from them, both compressed.
// Must never lose a byte of a record; messages that are the end of their record are kept as an offset only.
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { FieldValue, Fingerprint } from '../../analysis/entry.ts';
import { severities } from '../../analysis/severity.ts';
import type { Trace } from '../../analysis/trace.ts';
import type { LogEntry } from './entry.ts';

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

/** Columns: one list a property, in the order of the entries; what most entries share is in a dictionary. */
interface Columns {
  readonly baseMs: number;
  /** Milliseconds after the one before it. */
  readonly steps: number[];
  readonly severities: number[];
  readonly services: Dictionary;
  readonly hosts: Dictionary;
  readonly templates: Dictionary;
  readonly templateTexts: Record<string, string>;
  /** Characters before the message in its record; -1: see `messages`. */
  readonly offsets: number[];
  readonly messages: Record<number, string>;
  /** Characters of each record in the payload. */
  readonly lengths: number[];
  readonly fields: Record<number, Readonly<Record<string, FieldValue>>>;
  readonly fingerprints: Record<number, Fingerprint>;
  readonly traces: Record<number, Trace>;
}

interface Dictionary {
  readonly values: string[];
  readonly indexes: number[];
}

/** Level 1: this is on the ingest path, and log text compresses well at any level. */
const compression = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** @param entries of one node and source, at least one */
export function packChunk(entries: readonly LogEntry[]): LogChunk {
  const [first] = entries;
  if (first === undefined) throw new TypeError('a chunk has at least one entry');
  const columns: Columns = {
    baseMs: first.timeMs,
    steps: [],
    severities: [],
    services: dictionaryOf(entries, (entry) => entry.service),
    hosts: dictionaryOf(entries, (entry) => entry.host),
    templates: dictionaryOf(entries, (entry) => entry.templateId),
    templateTexts: {},
    offsets: [],
    messages: {},
    lengths: [],
    fields: {},
    fingerprints: {},
    traces: {},
  };
  let [previousMs, firstTimeMs, lastTimeMs, worst] = [first.timeMs, first.timeMs, first.timeMs, severities.length - 1];
  const records: string[] = [];
  for (const [index, entry] of entries.entries()) {
    columns.steps.push(entry.timeMs - previousMs);
    previousMs = entry.timeMs;
    firstTimeMs = Math.min(firstTimeMs, entry.timeMs);
    lastTimeMs = Math.max(lastTimeMs, entry.timeMs);
    const severity = severities.indexOf(entry.severity);
    worst = Math.min(worst, severity);
    columns.severities.push(severity);
    columns.templateTexts[entry.templateId] = entry.templateText;
    const isEnd = entry.raw.endsWith(entry.message);
    columns.offsets.push(isEnd ? entry.raw.length - entry.message.length : -1);
    if (!isEnd) columns.messages[index] = entry.message;
    columns.lengths.push(entry.raw.length);
    if (!isEmpty(entry.fields)) columns.fields[index] = entry.fields;
    if (entry.fingerprint !== undefined) columns.fingerprints[index] = entry.fingerprint;
    if (entry.trace !== undefined) columns.traces[index] = entry.trace;
    records.push(entry.raw);
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
    payload: zstdCompressSync(records.join(''), compression),
  };
}

/** In the order they came. */
export function unpackChunk(chunk: StoredChunk): LogEntry[] {
  const columns = JSON.parse(zstdDecompressSync(chunk.meta).toString()) as Columns;
  const payload = zstdDecompressSync(chunk.payload).toString();
  const entries: LogEntry[] = [];
  let [at, timeMs] = [0, columns.baseMs];
  for (let index = 0; index < chunk.entries; index++) {
    const raw = payload.slice(at, at + (columns.lengths[index] ?? 0));
    at += raw.length;
    timeMs += columns.steps[index] ?? 0;
    const offset = columns.offsets[index] ?? 0;
    const templateId = look(columns.templates, index);
    entries.push({
      id: `${chunk.id}-${index}`,
      nodeId: chunk.nodeId,
      source: chunk.source,
      timeMs,
      receivedAtMs: chunk.receivedAtMs,
      severity: severities[columns.severities[index] ?? 0] ?? 'info',
      service: look(columns.services, index),
      host: look(columns.hosts, index),
      message: offset < 0 ? (columns.messages[index] ?? '') : raw.slice(offset),
      fields: columns.fields[index] ?? {},
      templateId,
      templateText: columns.templateTexts[templateId] ?? '',
      fingerprint: columns.fingerprints[index],
      trace: columns.traces[index],
      raw,
    });
  }
  return entries;
}

function dictionaryOf(entries: readonly LogEntry[], valueOf: (entry: LogEntry) => string): Dictionary {
  const positions = new Map<string, number>();
  const dictionary: Dictionary = { values: [], indexes: [] };
  for (const entry of entries) {
    const value = valueOf(entry);
    let position = positions.get(value);
    if (position === undefined) {
      position = dictionary.values.push(value) - 1;
      positions.set(value, position);
    }
    dictionary.indexes.push(position);
  }
  return dictionary;
}

function look(dictionary: Dictionary, index: number): string {
  return dictionary.values[dictionary.indexes[index] ?? -1] ?? '';
}

function isEmpty(record: object): boolean {
  for (const _ in record) return false;
  return true;
}
