// Replaces secrets by tokens of their kind that are equal where the values are equal: `‹secret:aws-key:3f9a1c2d›`.
// Must never let a token tell its value: without the key nobody can try values out.
import { createHmac } from 'node:crypto';
import type { Finding } from './finding.ts';
import { SecretFinder, type Pass } from './secret-finder.ts';

export interface RedactionOptions {
  /** Secret of whoever redacts; values get equal tokens where it is the same. At least 16 bytes. */
  readonly key: Uint8Array;
  /** What is looked for beyond credentials and cards. */
  readonly passes: readonly Pass[];
  /** Values that stay, exactly as they stand in the log. */
  readonly allow: readonly string[];
}

/** One value that was replaced. Positions are of the original bytes. */
export interface Replacement extends Finding {
  readonly token: string;
}

const leastKeyBytes = 16;

export class Redaction {
  readonly #finder: SecretFinder;
  readonly #key: Uint8Array;
  readonly #allow: ReadonlySet<string>;

  constructor({ key, passes, allow }: RedactionOptions) {
    if (key.length < leastKeyBytes) throw new RangeError(`the key of redaction has ${key.length} bytes, less than ${leastKeyBytes}`);
    this.#finder = new SecretFinder(passes);
    this.#key = key;
    this.#allow = new Set(allow);
  }

  /** @param alreadyFound what the caller knows to be secret. @returns in order, none overlapping */
  find(bytes: Buffer, alreadyFound: readonly Finding[] = []): readonly Replacement[] {
    const findings = this.#finder.find(bytes, alreadyFound);
    if (findings.length === 0) return [];
    return findings.flatMap((finding) => {
      const value = bytes.subarray(finding.start, finding.end);
      if (this.#allow.size > 0 && this.#allow.has(value.toString())) return [];
      return { ...finding, token: this.#tokenOf(finding.kind, value) };
    });
  }

  /** @returns the text with tokens in it, and the values by token */
  redactText(text: string): { readonly text: string; readonly values: ReadonlyMap<string, string> } {
    const bytes = Buffer.from(text);
    const replacements = this.find(bytes);
    const values = new Map(replacements.map(({ start, end, token }) => [token, bytes.toString('utf8', start, end)]));
    return { text: replacements.length === 0 ? text : replaceIn(bytes, replacements).toString(), values };
  }

  #tokenOf(kind: string, value: Uint8Array): string {
    const hash = createHmac('sha256', this.#key).update(value).digest('hex').slice(0, 8);
    return `‹${isPersonal(kind) ? 'personal' : 'secret'}:${kind}:${hash}›`;
  }
}

/** @param replacements in order, none overlapping */
export function replaceIn(bytes: Buffer, replacements: readonly Replacement[]): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const { start, end, token } of replacements) {
    parts.push(bytes.subarray(at, start), Buffer.from(token));
    at = end;
  }
  parts.push(bytes.subarray(at));
  return Buffer.concat(parts);
}

function isPersonal(kind: string): boolean {
  return kind === 'mail' || kind === 'ip' || kind === 'phone' || kind === 'iban';
}
