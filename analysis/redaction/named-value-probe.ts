// Finds secrets by the name that they are given to: `password=…`, `"x-api-key":"…"`, `Authorization: token …`.
// Must never take a word of prose, a path, a number that counts, or an identifier for a secret.
import { readAssignment, type Assignment } from './assignment.ts';
import { DIGIT, LETTER, LOWER, NAME, TOKEN, VALUE_END, lineEnd, runEnd, textOf } from './byte-classes.ts';
import type { Probe, Report } from './finding.ts';
import { hasDigit } from './formats.ts';
import { isPlaceholder } from './placeholder.ts';
import { isUuid, looksRandom } from './randomness.ts';
import { nameAnchors } from './name-anchors.ts';
import { judgeName, type NameJudgement } from './secret-name.ts';

const SPACE = 0x20;
const SLASH = 0x2f;
const COLON = 0x3a;
const EQUALS = 0x3d;
const DOT = 0x2e;

/** Words that stand between `Authorization:` and what it holds, and others that senders use alike. */
const schemes =
  /^(?:bearer|basic|token|digest|negotiate|apikey|api-key|key|bot|splunk|sso-key|geniekey|flyv1|aws4-hmac-sha256|hmac|jwt|oauth|ntlm|signature|hawk|sharedkey|sharedaccesssignature|pat|classic|snyk|plain|secret)$/i;

export const namedValueProbe: Probe = {
  anchors: nameAnchors,
  anyCase: true,
  examine(bytes, at, report) {
    const assignment = readAssignment(bytes, at + 1);
    if (assignment === undefined) return;
    // Cheap no's come first; most places are prose.
    if (assignment.form === 'blank' && !couldStandInProse(bytes, assignment)) return;
    const judgement = judgeName(textOf(bytes, assignment.nameStart, assignment.nameEnd));
    if (judgement.strength === 'no') return;
    if (judgement.kind === 'authorization') reportAuthorization(bytes, assignment, judgement, report);
    else if (isPlaceholder(bytes, assignment.start, assignment.end) && behindScheme(bytes, assignment) === undefined) return;
    else if (isSecret(bytes, assignment, judgement)) reportValue(assignment, judgement.kind, report);
    else reportBehindScheme(bytes, assignment, judgement, report);
  },
};

function reportValue({ start, end }: Place, kind: string, report: Report): void {
  report({ start, end, kind, rank: 0 });
}

/** Without any sign between them only what is surely drawn at random counts, or, in quotes, what can be no word. */
function couldStandInProse(bytes: Uint8Array, { start, end, isQuoted }: Assignment): boolean {
  return end - start >= (isQuoted ? 6 : 16) && end - start <= 512 && hasDigit(bytes, start, end);
}

function isSecret(bytes: Uint8Array, assignment: Assignment, { strength, kind }: NameJudgement): boolean {
  const { start, end, form, isQuoted } = assignment;
  const length = end - start;
  if (length > 2048 && !isOneToken(bytes, start, end)) return false;
  if (form === 'blank' && isQuoted && strength === 'sure' && (kind === 'password' || kind === 'secret'))
    return isNoWord(bytes, start, end) && !(kind === 'secret' && isObjectName(bytes, start, end));
  if (form === 'column') {
    const couldBe = isOneToken(bytes, start, end) && !isPath(bytes, start, end) && !isAddressOrHandle(bytes, start, end);
    return couldBe && strength === 'sure' && (looksRandom(bytes, start, end) || (kind === 'password' && isNoWord(bytes, start, end)));
  }
  if (form === 'blank')
    return isOneToken(bytes, start, end) && !isPath(bytes, start, end) && looksRandom(bytes, start, end) && length >= 20;
  // A signature is as good as a key only in an address that it signs.
  if (kind === 'signature' && length < 20) return false;
  if (kind === 'signature' && bytes[assignment.nameEnd] !== EQUALS && !isHeaderName(bytes, assignment)) return false;
  if (kind === 'card-code') return length <= 4 && isNumber(bytes, start, end);
  if (kind === 'one-time-code') return length <= 10 && length >= 4 && isNumber(bytes, start, end);
  if (strength === 'sure') {
    if (isWordOfProse(bytes, assignment, kind)) return false;
    if (kind === 'password') return length >= 3 || form !== 'colon';
    if (isQuoted || form !== 'colon')
      return length >= 4 && !isCode(bytes, assignment) && !(kind === 'secret' && isPlainName(bytes, start, end));
    return length >= 8 && !isCode(bytes, assignment) && (hasDigit(bytes, start, end) || looksRandom(bytes, start, end));
  }
  if (kind === 'password' && form === 'assigned' && isNoWord(bytes, start, end)) return true;
  if (length < 8 || !isOneToken(bytes, start, end) || isPath(bytes, start, end) || isCode(bytes, assignment)) return false;
  if (isNumber(bytes, start, end)) return kind === 'key' ? isQuoted && length >= 15 : kind !== 'session' && length >= 12;
  if (isAddressOrHandle(bytes, start, end)) return false;
  if (isUuid(bytes, start, end)) return strength === 'likely' || isQuoted || form === 'assigned';
  if (looksRandom(bytes, start, end)) return true;
  // Short keys of one kind of letter with digits between, where the name is clear.
  return (
    strength === 'likely' &&
    kind === 'token' &&
    form !== 'colon' &&
    length >= 10 &&
    hasDigit(bytes, start, end) &&
    !hasWords(bytes, start, end)
  );
}

/** The whole header: a scheme stays, what is behind it goes. */
function reportAuthorization(bytes: Uint8Array, assignment: Assignment, judgement: NameJudgement, report: Report): void {
  if (reportParameters(bytes, assignment, report)) return;
  const behind = behindScheme(bytes, assignment) ?? behindUnknownScheme(bytes, assignment);
  if (behind !== undefined) {
    if (!isPlaceholder(bytes, behind.start, behind.end)) reportValue(behind, judgement.kind, report);
    return;
  }
  const { start, end } = assignment;
  if (
    end - start >= 8 &&
    !isPlaceholder(bytes, start, end) &&
    (hasDigit(bytes, start, end) || looksRandom(bytes, start, end)) &&
    !isPath(bytes, start, end)
  ) {
    reportValue(assignment, judgement.kind, report);
  }
}

/** Schemes with parameters: RFC 7616, AWS, Azure, RFC 9421's forerunner, OAuth 1, Hawk. What they sign or prove with goes. */
function reportParameters(bytes: Uint8Array, { start }: Assignment, report: Report): boolean {
  const text = textOf(bytes, start, Math.min(lineEnd(bytes, start), start + 2048));
  if (
    !/^(?:digest|hmac[\w-]*|aws\d-[\w-]+|signature|oauth|hawk|sharedkey\w*|acs\d?-[\w-]+|tc3-[\w-]+|google4-[\w-]+) [\w ]{1,32}=/i.test(
      text,
    )
  )
    return false;
  for (const match of text.matchAll(
    /\b(?:response|c?nonce|opaque|signature|sig|mac|hash|credential|oauth_\w{1,32})=\\?["']?([^"'\\,;\s]{6,512})/gi,
  )) {
    const to = start + match.index + match[0].length;
    reportValue({ start: to - (match[1] ?? '').length, end: to }, 'authorization', report);
  }
  return true;
}

/** `Authorization: SSWS 00abc…`: a word nobody lists, and behind it what was drawn at random. */
function behindUnknownScheme(bytes: Uint8Array, { start, end, isQuoted }: Assignment): Place | undefined {
  const wordEnd = runEnd(bytes, start, NAME, start + 32);
  if (bytes[wordEnd] !== SPACE || wordEnd - start < 3 || LETTER[bytes[start] as number] !== 1) return undefined;
  const to = isQuoted ? end : runEnd(bytes, wordEnd + 1, TOKEN, wordEnd + 1 + 4096);
  return to - wordEnd > 16 && isOneToken(bytes, wordEnd + 1, to) && looksRandom(bytes, wordEnd + 1, to)
    ? { start: wordEnd + 1, end: to }
    : undefined;
}

/** `api_key: Token abc`: the value begins with a scheme. */
function reportBehindScheme(bytes: Uint8Array, assignment: Assignment, judgement: NameJudgement, report: Report): void {
  if (assignment.form === 'blank') return;
  const behind = behindScheme(bytes, assignment);
  if (behind !== undefined && isSecret(bytes, { ...assignment, ...behind }, judgement)) reportValue(behind, judgement.kind, report);
}

type Place = Pick<Assignment, 'start' | 'end'>;

function behindScheme(bytes: Uint8Array, { start, end, isQuoted }: Assignment): Place | undefined {
  const wordEnd = runEnd(bytes, start, NAME, Math.min(start + 32, isQuoted ? end : bytes.length));
  if (bytes[wordEnd] !== SPACE || !schemes.test(textOf(bytes, start, wordEnd))) return undefined;
  const from = wordEnd + 1;
  let to = isQuoted ? end : from;
  if (!isQuoted) while (to < bytes.length && to - from < 4096 && VALUE_END[bytes[to] as number] !== 1 && bytes[to] !== 0x5c) to += 1;
  return to > from ? { start: from, end: to } : undefined;
}

/** How sentences about a password go on behind a colon. */
const prose =
  /^(?:too|must|is|not|was|were|are|has|have|had|should|cannot|can|could|may|might|will|would|do|does|did|no|none|of|or|and|in|on|for|to|from|with|without|by|at|as|the|an?|your|you|this|that|if|it|its|be|been|only|less|more|least|most|than|same|different|field|incorrect|invalid|wrong|bad|weak|strong|mismatch|failure|authentication|auth|check|error|errors|update|change|reset|login|logon|please|enter|type|use|new|old|user|username|account|accounts|access|hash|value|values|string|policy|prompt|minimum|maximum|length|character|characters|ok|out|end|fatal|warning|pam_unix|contains|lacks|needs|matches|match|attempt|attempts|expires|found|got|given|unknown|unable|couldn|doesn|isn|can|key|file|read|set|sent|lost|kept|left|hidden|forgotten)$|(?:ed|ing|ly|[st]ion|ment|able|ible|ful|less|ness|ism|ity)$/i;

/** `password: too short`: a word of a sentence, and more words behind it. */
function isWordOfProse(bytes: Uint8Array, { start, end, form, isQuoted }: Assignment, kind: string): boolean {
  if (form !== 'colon' || isQuoted) return false;
  const letters = runEnd(bytes, start + (LETTER[bytes[start] as number] === 1 ? 1 : 0), LOWER, end);
  if (letters !== end || bytes[end] !== SPACE || LETTER[bytes[end + 1] ?? 0] !== 1) return false;
  return kind !== 'password' || end - start < 6 || prose.test(textOf(bytes, start, end));
}

/** Letters and digits in one token of six bytes and more, as `s3cret1`; not a name with a number, as `user1`. */
function isNoWord(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 6 || end - start > 128 || !isOneToken(bytes, start, end)) return false;
  return hasDigit(bytes, start, end) && !/^[A-Za-z]?[a-z]*[-_.]?[0-9]{0,3}$|^[0-9:.,/-]*$/.test(textOf(bytes, start, end));
}

/** `X-Hub-Signature`: words with dashes between. */
function isHeaderName(bytes: Uint8Array, { nameStart, nameEnd }: Assignment): boolean {
  return bytes.subarray(nameStart, nameEnd).includes(0x2d);
}

/** `secret=default/web-tls` names an object of a cluster: words, dashes, perhaps one slash, no capital, few digits. */
function isPlainName(bytes: Uint8Array, start: number, end: number): boolean {
  const text = textOf(bytes, start, Math.min(end, start + 128));
  return /^[a-z][a-z0-9-]*\/[a-z0-9][a-z0-9.-]*$/.test(text) || /^[a-z]+(?:-[a-z]+)+(?:-\d{1,3})?$/.test(text);
}

/** `default-token-x7k2p`: parts of lower case letters and digits between dashes. */
function isObjectName(bytes: Uint8Array, start: number, end: number): boolean {
  return /^[a-z0-9]+(?:-[a-z0-9]+)+$/.test(textOf(bytes, start, Math.min(end, start + 128)));
}

/** A call, an index or a dotted name: `get_token()`, `config.token`, `self.key`. */
function isCode(bytes: Uint8Array, { start, end, isQuoted }: Assignment): boolean {
  const next = bytes[end] ?? 0;
  if (!isQuoted && (next === 0x28 || next === 0x5b)) return true;
  const text = textOf(bytes, start, Math.min(end, start + 96));
  return /^[A-Za-z_][A-Za-z_0-9]*(?:\.[A-Za-z_][A-Za-z_0-9]*)+$/.test(text) && !looksRandom(bytes, start, end);
}

/** No blank or quote inside. */
function isOneToken(bytes: Uint8Array, start: number, end: number): boolean {
  const run = runEnd(bytes, start, TOKEN_OR_SIGN, end);
  return run === end;
}

const TOKEN_OR_SIGN = Uint8Array.from(TOKEN, (bit, code) => (bit === 1 || '!#$%&*@^|'.includes(String.fromCharCode(code)) ? 1 : 0));

/** `/srv/x`, `./x`, `C:\x`, `s3://x`, `a/b/c`: base64 has slashes too, but nobody can read what is between. */
function isPath(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start] as number;
  if (first === SLASH || (first === DOT && bytes[start + 1] === SLASH)) return !looksRandom(bytes, start + 1, end);
  const text = textOf(bytes, start, Math.min(end, start + 128));
  if (text.includes('://')) return true;
  return (
    text.includes('/') &&
    text.split('/').every((part) => part.length < 20 && /^[A-Za-z]?[a-z0-9._-]*$/.test(part)) &&
    !looksRandom(bytes, start, end)
  );
}

function isNumber(bytes: Uint8Array, start: number, end: number): boolean {
  return runEnd(bytes, start, DIGIT, end) === end;
}

/** `0x14ed93111f2002b` and `10.0.0.1:8080`: handles and addresses. */
function isAddressOrHandle(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] === 0x30 && ((bytes[start + 1] ?? 0) | 0x20) === 0x78 && end - start <= 18) return true;
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i] as number;
    if (DIGIT[byte] !== 1 && byte !== DOT && byte !== COLON && byte !== EQUALS && byte !== 0x2d) return false;
  }
  return end - start < 24;
}

/** Two words or more between dashes and underscores: `worker-node-12`. */
function hasWords(bytes: Uint8Array, start: number, end: number): boolean {
  const parts = textOf(bytes, start, Math.min(end, start + 128)).split(/[-_.:]/);
  return parts.length > 1 && parts.every((part) => /^(?:[A-Za-z]?[a-z]*|\d{1,6})$/.test(part));
}
