// Reads the labelled crash data: folders of traces, manifests, and reports with header lines.
// Must never judge what it reads.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GeneratedLabel } from './trace-scores.ts';

/** The folder that holds `generated/`, `clusterfuzz/` and so on: `data` itself, or `stacktraces` or `logs/stacktraces` below it. */
export function findCrashData(data: string): string {
  const candidates = [data, join(data, 'stacktraces'), join(data, 'logs', 'stacktraces')];
  const found = candidates.find((folder) => KNOWN.some((name) => existsSync(join(folder, name))));
  if (found === undefined) throw new Error(`No crash data below ${data}; expected one of ${KNOWN.join(', ')}.`);
  return found;
}

const KNOWN = ['generated', 'gcp_detect_exceptions', 'clusterfuzz', 'syzkaller_linux'];

/** A trace with its label. */
export interface GeneratedCase {
  readonly label: GeneratedLabel;
  readonly text: string;
}

/** Cases of `generated/`; empty where the folder isn't there. */
export function readGenerated(data: string): readonly GeneratedCase[] {
  const labels = (readJson(join(data, 'generated', 'manifest.json')) ?? []) as readonly GeneratedLabel[];
  return labels.map((label) => ({ label, text: readFileSync(join(data, 'generated', label.file), 'utf8') }));
}

/** A text file with its name. */
export interface NamedCase {
  readonly name: string;
  readonly text: string;
}

/** The `.txt` files of a folder; empty where the folder isn't there. */
export function readTexts(folder: string): readonly NamedCase[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.txt'));
  return names.toSorted().map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
}

/** A crash text with its labelled state: function names, one a line. */
export interface CrashCase extends NamedCase {
  readonly state: string;
}

/** Cases of `clusterfuzz/` that have a state. */
export function readCrashes(data: string): readonly CrashCase[] {
  const folder = join(data, 'clusterfuzz');
  const labels = (readJson(join(folder, 'expected.json')) ?? {}) as Record<string, { file: string; expected_state?: string | null }>;
  return Object.values(labels).flatMap(({ file, expected_state: state }) =>
    typeof state === 'string' && state !== '' ? { name: file, text: readFileSync(join(folder, file), 'utf8'), state } : [],
  );
}

/** A kernel report with the titles that label it. */
export interface KernelCase extends NamedCase {
  /** Its title, then titles it could have had. */
  readonly titles: readonly string[];
  /** Cut or garbled: its title isn't to be trusted. */
  readonly corrupted: boolean;
}

/** Reports of `syzkaller_linux/` that have a title, without their label lines. */
export function readKernelReports(data: string): readonly KernelCase[] {
  const folder = join(data, 'syzkaller_linux');
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /^\d+$/.test(name));
  return names
    .toSorted((left, right) => Number(left) - Number(right))
    .flatMap((name) => {
      const text = readFileSync(join(folder, name), 'utf8');
      const blank = text.indexOf('\n\n');
      const header = (text.startsWith('\n') || blank < 0 ? '' : text.slice(0, blank)).split('\n');
      const titles = header.flatMap((line) => /^(?:TITLE|ALT): (.+)$/.exec(line)?.[1] ?? []);
      return titles.length === 0 ? [] : { name, text: text.slice(blank + 2), titles, corrupted: header.includes('CORRUPTED: Y') };
    });
}

function readJson(file: string): unknown {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as unknown) : undefined;
}
