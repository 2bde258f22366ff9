// Benchmark `redaction`: are secrets replaced, is everything else left alone, and how fast?
// Must never know a data set by name beyond its file.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Redaction } from '../analysis/redaction/redaction.ts';
import { parseTrace } from '../analysis/traces/trace-reader.ts';
import { createRedactor } from '../agent/redaction/redactor.ts';
import type { Chunk, Position } from '../agent/record.ts';
import { findCrashData, readCrashes, readGenerated, readTexts } from './crash-data.ts';
import { findLoghub, readMixed } from './loghub.ts';
import { givenFile, writeLogSample } from './log-sample.ts';
import { formatSamples } from './secret-samples.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';

const key = Buffer.from('a key for the benchmark alone');
const sampleBytes = 500 * 1024 * 1024;
const chunkBytes = 256 * 1024;

interface Labelled {
  readonly label: string;
  readonly text: string;
  readonly secret?: string | null;
}

export async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const redaction = new Redaction({ key, passes: [], allow: [] });
  const redact = (text: string): string => redaction.redactText(text).text;
  const figures: Record<string, number> = {};
  const table: string[] = [];
  const conditions: Record<string, string | number> = {};

  let found = 0;
  let secrets = 0;
  for (const [name, cases] of secretSets(options.data)) {
    const withSecret = cases.filter(({ label, secret }) => label === 'secret' && typeof secret === 'string' && secret !== '');
    const missed = withSecret.filter(({ text, secret }) => redact(text).includes(secret ?? ''));
    const others = cases.filter(({ label }) => label !== 'secret');
    figures[`recall.${name}`] = 1 - missed.length / Math.max(1, withSecret.length);
    conditions[`${name}.secrets`] = withSecret.length;
    if (others.length > 0) figures[`lookalikes.${name}`] = others.filter(({ text }) => redact(text) !== text).length / others.length;
    for (const { text } of missed.slice(0, 20)) table.push(`missed in ${name}: ${text.slice(0, 160).replaceAll('\n', '\\n')}`);
    found += withSecret.length - missed.length;
    secrets += withSecret.length;
  }
  figures['recall'] = secrets === 0 ? 0 : found / secrets;

  const lines = ordinaryLines(options.data);
  const altered = lines.filter((line) => redact(line) !== line);
  conditions['ordinaryLines'] = lines.length;
  if (lines.length > 0) figures['alteredLineRate'] = altered.length / lines.length;
  for (const line of altered.slice(0, 20)) table.push(`altered line: ${redact(line).slice(0, 200)}`);

  const frames = compareFrames(options.data, redact);
  conditions['frames'] = frames.count;
  if (frames.count > 0) figures['alteredFrameRate'] = frames.altered / frames.count;

  return { figures: { ...figures, ...(await measureSpeed(options)) }, conditions: { ...conditions, chunkBytes }, table };
}

/** Every `*.jsonl.gz` of the folder `redaction`, and the project's own formats. */
function secretSets(data: string): readonly (readonly [string, readonly Labelled[]])[] {
  const folder = [join(data, 'redaction'), data].find((candidate) => existsSync(candidate) && statSync(candidate).isDirectory());
  const names = folder === undefined ? [] : readdirSync(folder).filter((name) => name.endsWith('.jsonl.gz'));
  const read = (name: string): readonly Labelled[] =>
    gunzipSync(readFileSync(join(folder ?? data, name)))
      .toString()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Labelled);
  return [...names.map((name) => [name.replace('.jsonl.gz', ''), read(name)] as const), ['own_formats', formatSamples()] as const];
}

function ordinaryLines(data: string): readonly string[] {
  const folder = findLoghub(data);
  return folder === undefined ? [] : readMixed(folder).map(({ line }) => line);
}

/** A frame is altered when its function, file or line isn't read as before, or is no longer there. */
function compareFrames(data: string, redact: (text: string) => string): { readonly count: number; readonly altered: number } {
  let folder: string;
  try {
    folder = findCrashData(data);
  } catch {
    return { count: 0, altered: 0 };
  }
  const texts = [...readGenerated(folder), ...readTexts(join(folder, 'gcp_detect_exceptions')), ...readCrashes(folder)];
  let count = 0;
  let altered = 0;
  for (const { text } of texts) {
    const before = parseTrace(text)?.frames ?? [];
    const after = parseTrace(redact(text))?.frames ?? [];
    count += before.length;
    altered += before.filter((frame, index) => JSON.stringify(frame) !== JSON.stringify(after[index])).length;
  }
  return { count, altered };
}

/** Chunks of 256 KiB in turn through the node's redactor and through nothing but a pass that reads every byte. */
async function measureSpeed({ data }: BenchmarkOptions): Promise<Record<string, number>> {
  const given = await givenFile(data);
  const folder = given === undefined ? await mkdtemp(join(tmpdir(), 'redaction-')) : undefined;
  try {
    const path = given?.path ?? join(folder ?? '', 'sample.log');
    if (given === undefined) await writeLogSample(path, sampleBytes);
    const bytes = readFileSync(path);
    const settings = { off: false, personalData: false, rules: [], allow: [] };
    const redactor = createRedactor({ settings, key, onRedacted: () => undefined });
    // Compiles what is measured.
    shipAll(bytes.subarray(0, 32 * 1024 * 1024), (chunk) => redactor.redact(chunk));
    const rates: number[] = [];
    for (let round = 0; round < 3; round += 1) rates.push(cpuRate(bytes, () => shipAll(bytes, (chunk) => redactor.redact(chunk))));
    const without = cpuRate(bytes, () => shipAll(bytes, (chunk) => chunk));
    const oneByOne = cpuRate(bytes, () => countFeeds(bytes));
    rates.sort((a, b) => a - b);
    return { mbPerSecond: rates[1] ?? 0, 'withoutRedaction.mbPerSecond': without, 'byteLoop.mbPerSecond': oneByOne };
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true });
  }
}

/** 10^6 bytes a second of CPU time. */
function cpuRate(bytes: Buffer, work: () => void): number {
  const started = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(started);
  return bytes.length / Math.max(1, user + system);
}

function shipAll(bytes: Buffer, redact: (chunk: Chunk) => Chunk): void {
  const identity = { device: '1', inode: '1', fingerprint: Buffer.alloc(16), fingerprintLength: 0, generation: 0 };
  const at = (offset: number): Position => ({ kind: 'file', identity, offset, path: 'sample.log' });
  for (let start = 0; start < bytes.length;) {
    const feed = bytes.lastIndexOf(0x0a, start + chunkBytes);
    const end = feed < start ? bytes.length : feed + 1;
    const part = bytes.subarray(start, end);
    redact({
      kind: 'chunk',
      source: 's',
      path: 'sample.log',
      bytes: part,
      recordLengths: [part.length],
      start: at(start),
      end: at(end),
      alsoSettles: [],
      readAtMs: 0,
      cut: false,
      redacted: false,
      journal: false,
    });
    start = end;
  }
}

/** What the machine does at best with one look at every byte, for comparison. */
function countFeeds(bytes: Uint8Array): number {
  let feeds = 0;
  for (let i = 0; i < bytes.length; i += 1) if (bytes[i] === 0x0a) feeds += 1;
  return feeds;
}
