// What a model may ask to be changed, and why it may be refused.
// Must never be applied but by apply.ts: all of it or nothing.

export type Edit =
  | TextReplacement
  /** `mayBePart`: it was only a fence with a path, which may hold a function or two instead of all. */
  | {
      readonly op: 'replace_file';
      readonly path: string;
      readonly content: string;
      readonly mayBePart?: boolean;
      /** The comment that named the path and was taken for no part of the file; it is one where the file begins with it. */
      readonly pathLine?: string | undefined;
    }
  | { readonly op: 'replace_function'; readonly path: string; readonly name: string; readonly content: string }
  | { readonly op: 'create'; readonly path: string; readonly content: string }
  | { readonly op: 'delete'; readonly path: string }
  | { readonly op: 'rename'; readonly path: string; readonly newPath: string };

export interface TextReplacement {
  readonly op: 'replace';
  readonly path: string;
  readonly search: string;
  readonly replace: string;
  /** 1-based line near which it is meant; decides between equal places. */
  readonly lineHint?: number | undefined;
  /** How many places are meant; all of them are changed. */
  readonly expectedCount?: number | undefined;
  /** Other readings of the same words, tried in order where the first is not found. */
  readonly otherReadings?: readonly { readonly search: string; readonly replace: string }[] | undefined;
}

export type RefusalReason =
  | 'unparseable_response'
  | 'unknown_op'
  | 'symlink'
  | 'submodule'
  | 'no_edits'
  | 'no_match'
  | 'ambiguous_match'
  | 'count_mismatch'
  | 'unpaired_ellipsis'
  | 'no_change'
  | 'empty_search'
  | 'file_exists'
  | 'file_missing'
  | 'function_missing'
  | 'target_exists'
  | 'ambiguous_path'
  | 'path_escape'
  | 'bad_path'
  | 'protected_path'
  | 'outside_allowed_paths'
  | 'overlapping_edits'
  | 'binary_file'
  | 'conflict_markers'
  | 'bidi_control'
  | 'syntax_error'
  | 'too_large';

/** Why an edit doesn't hold, in words that its author can act on. */
export interface Refusal {
  readonly kind: 'refused';
  readonly reason: RefusalReason;
  readonly path: string | undefined;
  readonly message: string;
}

export function refuse(reason: RefusalReason, path: string | undefined, message: string): Refusal {
  return { kind: 'refused', reason, path, message };
}

/** The files that edits are applied to. */
export interface FileSet {
  /** All paths, links excluded. */
  readonly paths: ReadonlySet<string>;
  /** Symbolic links; nothing below one is ever edited. */
  readonly links: ReadonlySet<string>;
  /** Undefined if the path is not in `paths`. */
  read(path: string): string | Uint8Array | undefined;
}
