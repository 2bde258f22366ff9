// Recognises known problems in records: by the journal's message id, else by what the text says.
// Must never match text in more than linear time, nor let a name decide what a sentence doesn't say.
import type { FieldValue } from '../entry.ts';
import { isAtLeast, type Severity } from '../severity.ts';
import type { KnownProblem } from './known-problem.ts';
import { LiteralSearch } from './literal-search.ts';
import { isPeerNoise } from './peer-noise.ts';
import { matches, parseSignature, rarestWords, type Signature } from './signature.ts';

/** What is looked at of a record. */
export interface Recognizable {
  readonly message: string;
  readonly severity: Severity | undefined;
  readonly fields: Readonly<Record<string, FieldValue>>;
}

/** A known problem says what it is in its first lines. */
const longestText = 8_192;

/** Last parts of the names of fields whose values are sentences about failures. */
const tellingFields = new Set(
  'err error errors exception reason cause detail details message msg description stderr output status state note event type code'.split(
    ' ',
  ),
);

interface Entry {
  readonly signature: Signature;
  readonly problem: KnownProblem;
}

export class KnownProblemMatcher {
  /** Records below a warning are searched for fewer words. */
  private readonly definite: SignatureSet;
  private readonly all: SignatureSet;
  private readonly byMessageId = new Map<string, KnownProblem>();

  /** @param catalogue the more specific first: of several that match, the first is meant */
  constructor(catalogue: readonly KnownProblem[]) {
    for (const problem of catalogue) for (const id of problem.messageIds ?? []) this.byMessageId.set(id, problem);
    const entries = catalogue.flatMap((problem) => problem.signatures.map((text): Entry => ({ signature: parseSignature(text), problem })));
    this.all = new SignatureSet(entries);
    this.definite = new SignatureSet(entries.filter(({ signature }) => signature.definite));
  }

  recognize(record: Recognizable): KnownProblem | undefined {
    const { fields, severity } = record;
    const messageId = fields['MESSAGE_ID'];
    if (typeof messageId === 'string') {
      const problem = this.byMessageId.get(messageId);
      if (problem !== undefined) return problem;
    }
    const isTrouble = severity === undefined || isAtLeast(severity, 'warning');
    return (isTrouble ? this.all : this.definite).find(textOf(record));
  }
}

/** Signatures with one search for the words that they need. */
class SignatureSet {
  private readonly search: LiteralSearch;
  private readonly entries: readonly Entry[];
  /** By word: the signatures that it is a part of. */
  private readonly byWord: readonly (readonly number[])[];

  constructor(entries: readonly Entry[]) {
    const words = new Map<string, number[]>();
    for (const [index, { signature }] of entries.entries()) {
      for (const word of rarestWords(signature)) words.set(word, [...(words.get(word) ?? []), index]);
    }
    this.entries = entries;
    this.search = new LiteralSearch([...words.keys()]);
    this.byWord = [...words.values()];
  }

  find(text: string): KnownProblem | undefined {
    const words = this.search.search(text, longestText);
    if (words === undefined) return undefined;
    const candidates = new Set(words.flatMap((word) => this.byWord[word] ?? []));
    const lower = text.slice(0, longestText).toLowerCase();
    let noise: boolean | undefined;
    for (const index of [...candidates].sort((a, b) => a - b)) {
      const entry = this.entries[index];
      if (entry === undefined || !matches(entry.signature, lower)) continue;
      if (entry.signature.definite) return entry.problem;
      noise ??= isPeerNoise(lower);
      if (!noise) return entry.problem;
    }
    return undefined;
  }
}

/** The message, and what structured fields add to it. */
function textOf({ message, fields }: Recognizable): string {
  let text = message;
  for (const name in fields) {
    const value = fields[name];
    if (typeof value !== 'string' || value.length < 4 || !tellingFields.has(name.slice(name.lastIndexOf('.') + 1))) continue;
    if (value !== message) text += `\n${value}`;
    if (text.length > longestText) break;
  }
  return text;
}
