// Devices that got another number since positions were kept: the kernel numbers them anew at each boot, and some at each mount.
// Must never take one file system for another: the old number has to be gone, and a file with a known inode to hold what was read there.
import { closeSync, statSync } from 'node:fs';
import type { FilePosition, Position } from '../record.ts';
import { openFile } from './file-content.ts';
import type { Findings } from './file-finder.ts';
import { factsOfOpen, fileKey, hasFingerprint } from './file-identity.ts';
import type { RotatedFile, RotatedFiles } from './rotated-names.ts';

/** `positions` name the files as they are called now; `moved` are those that changed, which nobody else knows yet. */
export interface Renumbered {
  readonly positions: readonly Position[];
  readonly moved: readonly { readonly before: FilePosition; readonly now: FilePosition }[];
}

export function renumber(positions: readonly Position[], findings: Findings, rotated: RotatedFiles): Renumbered {
  const known = positions.filter((position): position is FilePosition => position.kind === 'file' && position.identity.inode !== '0');
  const gone = new Set(known.map(({ identity }) => identity.device));
  for (const { device } of findings.files.values()) gone.delete(device);
  if (gone.size > 0) for (const folder of findings.folders) gone.delete(deviceOf(folder));
  if (gone.size === 0) return { positions, moved: [] };

  const numbers = new Map<string, string>();
  const files = filesIn(findings, rotated);
  for (const position of known) {
    if (!gone.has(position.identity.device) || numbers.has(position.identity.device)) continue;
    const same = files.get(position.identity.inode)?.find((file) => isThatOf(file, position));
    if (same !== undefined) numbers.set(position.identity.device, same.facts.device);
  }
  const moved = known.flatMap((before) => {
    const device = numbers.get(before.identity.device);
    return device === undefined ? [] : [{ before, now: { ...before, identity: { ...before.identity, device } } }];
  });
  // What is kept under the new number already is newer.
  const kept = new Set(known.map(nameOf));
  const news = moved.filter(({ now }) => !kept.has(nameOf(now)));
  const former = new Set<Position>(moved.map(({ before }) => before));
  return { positions: [...positions.filter((position) => !former.has(position)), ...news.map(({ now }) => now)], moved: news };
}

/** Those that match, and their rotated generations, by inode. */
function filesIn(findings: Findings, rotated: RotatedFiles): ReadonlyMap<string, readonly RotatedFile[]> {
  const files = new Map<string, RotatedFile[]>();
  const add = (file: RotatedFile): void => {
    files.set(file.facts.inode, [...(files.get(file.facts.inode) ?? []), file]);
  };
  for (const [path, facts] of findings.files) {
    add({ path, facts });
    for (const file of rotated.beside(path)) add(file);
  }
  return files;
}

function isThatOf({ path, facts }: RotatedFile, { identity, offset }: FilePosition): boolean {
  if (identity.fingerprintLength === 0 || facts.size < offset) return false;
  try {
    const descriptor = openFile(path);
    try {
      return fileKey(factsOfOpen(descriptor)) === fileKey(facts) && hasFingerprint(descriptor, identity);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Gone or unreadable: then it proves nothing.
    return false;
  }
}

function deviceOf(folder: string): string {
  return String(statSync(folder, { bigint: true, throwIfNoEntry: false })?.dev ?? '');
}

function nameOf({ identity }: FilePosition): string {
  return `${fileKey(identity)}:${identity.generation}`;
}
