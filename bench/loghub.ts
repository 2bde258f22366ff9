// Reading data sets in the layout of Loghub's 2k collection, and the mixed stream made of them.
// Must never know a data set by name: it takes every folder that has the layout.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** One line with its truth. */
export interface LabelledLine {
  readonly source: string;
  /** The raw line; the same as `content` where only that was asked for. */
  readonly line: string;
  readonly content: string;
  readonly template: string;
}

export interface LogSystem {
  readonly name: string;
  readonly lines: readonly LabelledLine[];
}

/** The folder that holds the systems: `data` itself, or below `logs/`. */
export function findLoghub(data: string): string | undefined {
  for (const folder of [join(data, 'logs', 'loghub_2k'), join(data, 'loghub_2k'), data]) {
    if (existsSync(folder) && (existsSync(join(folder, mixedFile)) || systemFolders(folder).length > 0)) return folder;
  }
  return undefined;
}

const mixedFile = 'mixed_raw_stream.jsonl.gz';

/** The interleaved stream of all systems; made by taking turns where the folder has none. */
export function readMixed(folder: string): LabelledLine[] {
  const path = join(folder, mixedFile);
  if (existsSync(path)) {
    const lines = gunzipSync(readFileSync(path)).toString('utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as LabelledLine);
  }
  const systems = readSystems(folder);
  const mixed: LabelledLine[] = [];
  const longest = Math.max(0, ...systems.map((system) => system.lines.length));
  for (let i = 0; i < longest; i++) {
    for (const system of systems) {
      const line = system.lines[i];
      if (line !== undefined) mixed.push(line);
    }
  }
  return mixed;
}

export function readSystems(folder: string): LogSystem[] {
  return systemFolders(folder).map((name) => readSystem(folder, name));
}

function systemFolders(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && labelsOf(join(folder, entry.name)) !== undefined)
    .map((entry) => entry.name)
    .sort();
}

function labelsOf(folder: string): string | undefined {
  return readdirSync(folder).find((name) => name.endsWith('_structured_corrected.csv'));
}

function readSystem(folder: string, name: string): LogSystem {
  const labels = labelsOf(join(folder, name)) ?? '';
  const rows = parseCsv(readFileSync(join(folder, name, labels), 'utf8'));
  const rawName = labels.replace('_structured_corrected.csv', '');
  const raw = existsSync(join(folder, name, rawName)) ? readFileSync(join(folder, name, rawName), 'utf8').split(/\r?\n/) : [];
  const head = rows[0] ?? [];
  const contentAt = head.indexOf('Content');
  const templateAt = head.indexOf('EventTemplate');
  const lines = rows.slice(1).map((row, i) => {
    const content = row[contentAt] ?? '';
    return { source: name, line: raw[i] ?? content, content, template: row[templateAt] ?? '' };
  });
  return { name, lines };
}

/** RFC 4180: quoted fields with doubled quotes and line breaks. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let field = '';
    if (text[at] === '"') {
      for (;;) {
        const close = text.indexOf('"', at + 1);
        const end = close < 0 ? text.length : close;
        field += text.slice(at + 1, end);
        at = end + 1;
        if (text[at] !== '"') break;
        field += '"';
      }
    } else {
      let stop = at;
      while (stop < text.length && text[stop] !== ',' && text[stop] !== '\n') stop++;
      field = text.slice(at, stop).replace(/\r$/, '');
      at = stop;
    }
    row.push(field);
    if (text[at] === '\r') at++;
    if (text[at] === ',') {
      at++;
      if (at === text.length) row.push('');
      continue;
    }
    rows.push(row);
    row = [];
    at++;
  }
  return rows;
}
