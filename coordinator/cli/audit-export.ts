// An exported audit log: its lines, and the check of its chain without a coordinator.
// Must never trust a line: each is checked for its form before its hash is computed.
import { chainStart, linkHash } from '../../base/hash-chain.ts';
import type { AuditRecord, VerifyAuditLogResponse } from '../../proto/index.ts';

/** Names and order are the format; docs/security.md describes it. */
export function exportLine(record: AuditRecord): string {
  const { sequence, time, actorKind, actor, origin, act, subject, outcome, detail, previousHash, hash } = record;
  return JSON.stringify({
    sequence,
    time: time?.toISOString(),
    actorKind,
    actor,
    origin,
    act,
    subject,
    outcome,
    detail,
    previousHash,
    hash,
  });
}

const textMembers = ['time', 'actorKind', 'actor', 'origin', 'act', 'subject', 'outcome', 'detail', 'previousHash', 'hash'] as const;

type Line = { readonly sequence: number } & Readonly<Record<(typeof textMembers)[number], string>>;

/** An export may begin in the middle of a log; from there on it must be whole. */
export function verifyExport(
  text: string,
  witness: { readonly sequence: number; readonly hash: string } | undefined,
): VerifyAuditLogResponse {
  const findings: { sequence: number; message: string }[] = [];
  const complain = (sequence: number, message: string): void => void findings.push({ sequence, message });
  let last: Line | undefined;
  let records = 0;
  let isWitnessed = witness === undefined;
  for (const [index, content] of text.split('\n').entries()) {
    if (content === '') continue;
    const line = readLine(content);
    if (line === undefined) {
      complain(0, `line ${index + 1} of the file is no audit record`);
      continue;
    }
    records += 1;
    const { sequence, hash } = line;
    if (last !== undefined && sequence !== last.sequence + 1) complain(sequence, 'records before it are missing');
    else if (line.previousHash !== (last?.hash ?? (sequence === 1 ? chainStart : line.previousHash))) {
      complain(sequence, 'it does not follow from the record before it');
    }
    if (hashOf(line) !== hash) complain(sequence, 'it was changed after it was written');
    if (witness?.sequence === sequence) {
      isWitnessed = true;
      if (witness.hash !== hash) complain(sequence, 'it is not the record that the witness saw');
    }
    last = line;
  }
  if (!isWitnessed) complain(0, `the record ${witness?.sequence ?? 0} that the witness saw is not there`);
  return { records, headSequence: last?.sequence ?? 0, headHash: last?.hash ?? '', findings };
}

function hashOf(line: Line): string {
  const { sequence, time, actorKind, actor, origin, act, subject, outcome, detail, previousHash } = line;
  return linkHash([sequence, Date.parse(time), actorKind, actor, origin, act, subject, outcome, detail], previousHash);
}

function readLine(content: string): Line | undefined {
  try {
    const value = JSON.parse(content) as Readonly<Record<string, unknown>> | null;
    if (value === null || typeof value !== 'object' || typeof value['sequence'] !== 'number') return undefined;
    return textMembers.every((name) => typeof value[name] === 'string') ? (value as Line) : undefined;
  } catch {
    // Not JSON: the caller names the line.
    return undefined;
  }
}
