// How many files each source may hold open, so that all together stay below the process's limit of descriptors.
// Must never be less than a source needs to go from file to file.
import { readFileSync } from 'node:fs';
import { defaultOpenFiles } from './sources/file-source-options.ts';

const leastForSource = 16;
/** For sockets, pipes, the journal and the state. */
const reserved = 128;

/** A quarter is left over: files without a name stay open whatever their number. */
export function openFileShare(fileSources: number, descriptorLimit = readDescriptorLimit()): number {
  if (descriptorLimit === undefined) return defaultOpenFiles;
  const share = Math.floor(((descriptorLimit - reserved) * 0.75) / Math.max(1, fileSources));
  return Math.min(defaultOpenFiles, Math.max(leastForSource, share));
}

/** Of this process, as the kernel tells it; undefined where it can't be read or there is none. */
export function readDescriptorLimit(path = '/proc/self/limits'): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    // Systems without /proc have no such file; the default of a source holds there.
    return undefined;
  }
  const [, soft] = /^Max open files +(\d+)/m.exec(text) ?? [];
  return soft === undefined ? undefined : Number(soft);
}
