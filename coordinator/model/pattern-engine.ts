// The contract of the built-in engine: what it is told about a problem, and the candidate edits it answers with.
// Must never name a template; providers/builtin/ holds them.

export interface PatternProblem {
  /** Exception type, such as `TypeError`; undefined for a message without one. */
  readonly type: string | undefined;
  readonly message: string;
  /** `node`, `python`, … as analysis names trace languages. */
  readonly language: string | undefined;
  /** Places in the code, best first. */
  readonly places: readonly PatternPlace[];
  /** Best first. */
  readonly suspects: readonly PatternSuspect[];
  /** Text by path, of every place and every file that a suspect touched, at the base revision. */
  readonly files: ReadonlyMap<string, string>;
  /** All paths of the base revision. */
  readonly paths: readonly string[];
  /** Lines of the repository that hold one of the keys that the engine asked for. */
  readonly settings: readonly PatternSetting[];
}

export interface PatternSetting {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  readonly text: string;
}

export interface PatternPlace {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, where the runtime tells. */
  readonly column: number | undefined;
  readonly function: string | undefined;
}

export interface PatternSuspect {
  readonly hash: string;
  readonly subject: string;
  /** Unified diff. */
  readonly diff: string;
}

export interface PatternCandidate {
  /** `revert` or the guard's name, such as `null-dereference`. */
  readonly pattern: string;
  /** Imperative, at most 60 characters: the change request's title. */
  readonly title: string;
  readonly rootCause: string;
  /** Text after the edit, by path. */
  readonly files: ReadonlyMap<string, string>;
  /** Lines added and removed. */
  readonly size: number;
  /** Lines that a revert takes away and nothing stands in for; 0 for a guard. */
  readonly loses: number;
  /** Hash of the commit that a revert takes back. */
  readonly reverts: string | undefined;
}

export interface PatternEngine {
  /** What to look for in the repository before proposing: names of settings that the message or the failing line speaks of. */
  keysOf(problem: Omit<PatternProblem, 'settings'>): readonly string[];
  /** Candidates in the order they should be tried; empty if no pattern fits. */
  propose(problem: PatternProblem): Promise<readonly PatternCandidate[]>;
}
