// What a search for secrets yields, and what looks for one kind of them.
// Must never hold a secret's text; a finding says where it stands.

/** A value to be replaced: bytes `start` to `end`, always within one line. */
export interface Finding {
  readonly start: number;
  readonly end: number;
  /** What it is, such as `aws-key`; lower case and dashes. */
  readonly kind: string;
  /** 1: known by its own shape; 0: by its surroundings. Where two overlap, the shape names the kind. */
  readonly rank: 0 | 1;
}

export type Report = (finding: Finding) => void;

/** Four bytes: ASCII characters, or for each place those that may stand there. */
export type Anchor = string | readonly [string, string, string, string];

/** Looks closely where a few bytes suggest a secret. */
export interface Probe {
  /** Where one stands, the probe is asked. Rare ones make the search fast. */
  readonly anchors: readonly Anchor[];
  /** Letters in anchors stand for both cases. */
  readonly anyCase: boolean;
  /** @param at where the anchor begins. Reports nothing if the suggestion was wrong; takes bounded time. */
  examine(bytes: Uint8Array, at: number, report: Report): void;
}
