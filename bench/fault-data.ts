// Reading recorded faults in Nezha's layout: `faults.json`, and minutes of pod logs as CSV files in an archive or a folder.
// Must never interpret a log line.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCsv } from './loghub.ts';

export interface Fault {
  readonly date: string;
  readonly inject_time: string;
  readonly inject_type: string;
  readonly service: string;
  readonly log_visible: boolean;
  /** Paths of the minutes around the fault. */
  readonly windows: readonly string[];
}

export interface PodRecord {
  readonly service: string;
  readonly text: string;
}

export interface FaultData {
  readonly dates: readonly { readonly faultFree: readonly string[]; readonly faults: readonly Fault[] }[];
  /** The records of those minutes in the order of time. */
  readonly readMinutes: (paths: readonly string[]) => readonly PodRecord[];
}

export function findFaultData(data: string): FaultData | undefined {
  const logs = [join(data, 'logs'), data].filter((folder) => existsSync(folder));
  const folders = [...logs.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name))), data];
  const folder = folders.find((path) => existsSync(join(path, 'faults.json')));
  if (folder === undefined) return undefined;
  const faults = JSON.parse(readFileSync(join(folder, 'faults.json'), 'utf8')) as Fault[];
  const minutes = readArchive(folder);
  const dates = [...Map.groupBy(faults, ({ date }) => date)].map(([date, list]) => ({
    faultFree: [...minutes.keys()].filter((path) => path.includes(date) && path.includes('construct')).sort(),
    faults: list.toSorted((a, b) => (a.inject_time < b.inject_time ? -1 : 1)),
  }));
  return { dates, readMinutes: (paths) => readMinutes(paths.map((path) => minutes.get(path) ?? '')) };
}

/** Every CSV file by its path, from `logs.tar.xz` where there is one. */
function readArchive(folder: string): ReadonlyMap<string, string> {
  const archive = join(folder, 'logs.tar.xz');
  if (!existsSync(archive)) return readFolder(folder, '');
  const unpacked = mkdtempSync(join(tmpdir(), 'hephaestus-bench-'));
  try {
    execFileSync('tar', ['-xJf', archive, '-C', unpacked]);
    return readFolder(unpacked, '');
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
}

function readFolder(root: string, path: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
    const below = path === '' ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory()) for (const [name, text] of readFolder(root, below)) found.set(name, text);
    else if (entry.name.endsWith('.csv')) found.set(below, readFileSync(join(root, below), 'utf8'));
  }
  return found;
}

function readMinutes(texts: readonly string[]): PodRecord[] {
  // Some minutes were exported twice over; a record with the same nanosecond, pod and text is the same record.
  const seen = new Set<string>();
  const records: { readonly timeNs: bigint; readonly service: string; readonly text: string }[] = [];
  for (const text of texts) {
    const [head = [], ...rows] = parseCsv(text);
    const time = head.indexOf('TimeUnixNano');
    const pod = head.indexOf('PodName');
    const log = head.indexOf('Log');
    for (const row of rows) {
      const identity = `${row[time]} ${row[pod]} ${row[log]}`;
      if (row.length < head.length || seen.has(identity)) continue;
      seen.add(identity);
      records.push({ timeNs: BigInt(row[time] ?? '0'), service: serviceOf(row[pod] ?? ''), text: row[log] ?? '' });
    }
  }
  return records.sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0));
}

/** `shop-cart-7d9f8b6c5-x2k4q` is a pod of `shop-cart`: a ReplicaSet's hash and the pod's own suffix come off. */
function serviceOf(pod: string): string {
  return pod.replace(/-[a-z0-9]{5,10}-[a-z0-9]{5}$/, '');
}
