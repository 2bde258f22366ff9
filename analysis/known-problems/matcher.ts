// Recognises known problems in records: by the journal's message id, else by what the text says.
// Must never match text in more than linear time, nor let a name decide what a sentence doesn't say.
import type { FieldValue } from '../entry.ts';
import { isAtLeast, type Severity } from '../severity.ts';
import type { KnownProblem } from './known-problem.ts';
import { LiteralSearch } from './literal-search.ts';
import { isPeerNoise } from './peer-noise.ts';
import { matches, parseSignature, rarestStep, type NumberedStep, type Signature } from './signature.ts';

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
  private readonly entries: readonly (Entry & { readonly rarest: NumberedStep })[];
  /** By word: the signatures that it is a part of, one bit each in `width` numbers. */
  private readonly byWord: Int32Array;
  private readonly width: number;
  /** Numbers of 32 bits with one for each word. */
  private readonly wordWidth: number;

  constructor(entries: readonly Entry[]) {
    const numbers = new Map<string, number>();
    const numberOf = (word: string): number => {
      const number = numbers.get(word) ?? numbers.size;
      numbers.set(word, number);
      return number;
    };
    this.entries = entries.map((entry) => {
      const { step, words } = rarestStep(entry.signature);
      return { ...entry, rarest: { step, words: words.map(numberOf) } };
    });
    this.search = new LiteralSearch([...numbers.keys()]);
    this.width = (entries.length + 31) >> 5;
    this.wordWidth = (numbers.size + 31) >> 5;
    this.byWord = new Int32Array(numbers.size * this.width);
    for (const [index, { rarest }] of this.entries.entries())
      for (const word of rarest.words) setBit(this.byWord, word * this.width * 32 + index);
  }

  find(text: string): KnownProblem | undefined {
    const words = this.search.search(text, longestText);
    if (words === undefined) return undefined;
    const { byWord, width } = this;
    const candidates = new Int32Array(width);
    const present = new Int32Array(this.wordWidth);
    for (let i = 0; i < words.length; i++) {
      const word = words[i] ?? 0;
      setBit(present, word);
      for (let at = 0; at < width; at++) candidates[at] = (candidates[at] ?? 0) | (byWord[word * width + at] ?? 0);
    }
    const lower = (text.length > longestText ? text.slice(0, longestText) : text).toLowerCase();
    let noise: boolean | undefined;
    for (let at = 0; at < width; at++) {
      // The lowest bit that is left, and so the order of the catalogue.
      for (let bits = candidates[at] ?? 0; bits !== 0; bits &= bits - 1) {
        const entry = this.entries[at * 32 + 31 - Math.clz32(bits & -bits)];
        if (entry === undefined || !matches(entry.signature, lower, entry.rarest, present)) continue;
        if (entry.signature.definite) return entry.problem;
        noise ??= isPeerNoise(lower);
        if (!noise) return entry.problem;
      }
    }
    return undefined;
  }
}

function setBit(bits: Int32Array, index: number): void {
  bits[index >> 5] = (bits[index >> 5] ?? 0) | (1 << (index & 31));
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
