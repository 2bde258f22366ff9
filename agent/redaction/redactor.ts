// Redacts chunks: secrets become tokens, records stay records, positions stay as they are.
// Must never copy a chunk without secrets, or change how many lines and records there are.
import { findPersonalData } from '../../analysis/redaction/personal-data.ts';
import { endsInPrivateKey, reportContinuedKey } from '../../analysis/redaction/private-key-probe.ts';
import type { Finding } from '../../analysis/redaction/finding.ts';
import { Redaction, replaceIn, type Replacement } from '../../analysis/redaction/redaction.ts';
import type { Chunk, Position } from '../record.ts';
import { compileRules, type RedactionRule } from './rules.ts';

export interface RedactionSettings {
  readonly off: boolean;
  readonly personalData: boolean;
  readonly rules: readonly RedactionRule[];
  readonly allow: readonly string[];
}

export interface RedactorOptions {
  readonly settings: RedactionSettings;
  readonly key: Uint8Array;
  /** Told how many values of a kind a chunk had. */
  readonly onRedacted: (kind: string, values: number) => void;
}

export interface ChunkRedactor {
  redact(chunk: Chunk): Chunk;
}

/** @throws HephaestusError `pattern.invalid` with the path of each rule that is wrong */
export function createRedactor({ settings, key, onRedacted }: RedactorOptions): ChunkRedactor {
  const passes = [...(settings.personalData ? [findPersonalData] : []), ...compileRules(settings.rules)];
  const redaction = new Redaction({ key, passes, allow: settings.allow });
  /** By source: where a chunk ended within a private key, whose other lines come with the next one. */
  const openKeys = new Map<string, Position>();

  return {
    redact(chunk) {
      const { bytes } = chunk;
      if (bytes.length === 0) return chunk;
      const goesOn = continuesAt(openKeys.get(chunk.source), chunk.start);
      const known: Finding[] = [];
      const isStillOpen = goesOn && reportContinuedKey(bytes, (finding) => known.push(finding));
      const replacements = redaction.find(bytes, known);
      if (isStillOpen || endsInPrivateKey(bytes)) openKeys.set(chunk.source, chunk.end);
      else openKeys.delete(chunk.source);
      if (replacements.length === 0) return chunk;
      for (const [kind, values] of countByKind(replacements)) onRedacted(kind, values);
      return {
        ...chunk,
        bytes: replaceIn(bytes, replacements),
        recordLengths: lengthsAfter(chunk.recordLengths, replacements),
        redacted: true,
      };
    },
  };
}

function countByKind(replacements: readonly Replacement[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { kind } of replacements) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** A replacement never reaches over a line's end, so none reaches over a record's. */
function lengthsAfter(lengths: readonly number[], replacements: readonly Replacement[]): readonly number[] {
  let recordEnd = 0;
  let next = 0;
  return lengths.map((length) => {
    recordEnd += length;
    let after = length;
    for (let one = replacements[next]; one !== undefined && one.start < recordEnd; one = replacements[next]) {
      after += Buffer.byteLength(one.token) - (one.end - one.start);
      next += 1;
    }
    return after;
  });
}

function continuesAt(end: Position | undefined, start: Position): boolean {
  if (end === undefined || end.kind !== start.kind) return false;
  if (end.kind === 'journal' || start.kind === 'journal')
    return end.kind === 'journal' && start.kind === 'journal' && end.cursor === start.cursor;
  const { device, inode, generation } = end.identity;
  const other = start.identity;
  return end.offset === start.offset && device === other.device && inode === other.inode && generation === other.generation;
}
