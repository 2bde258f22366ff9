// The shape of a stack trace, whichever language wrote it.
// Must never hold a parser; those live in traces/, one file a language.

/** Runtimes whose traces are understood. `native` is C, C++ and sanitizer reports; `browser` is JavaScript outside Node. */
export type TraceLanguage =
  | 'node'
  | 'browser'
  | 'python'
  | 'java'
  | 'go'
  | 'ruby'
  | 'php'
  | 'dotnet'
  | 'rust'
  | 'native'
  | 'elixir'
  | 'erlang'
  | 'perl'
  | 'dart'
  | 'lua'
  | 'kernel';

/** One line of a stack, innermost call first in `Trace.frames`. Absent is `undefined`, never an empty string. */
export interface Frame {
  /** As the runtime wrote it, with class or module prefix: `Cart.total`, `inventory.store.find`, `main.(*Store).Get`. */
  readonly function: string | undefined;
  /** Path as logged, without a `file://` prefix; it may be absolute, relative or a URL. */
  readonly file: string | undefined;
  /** 1-based. */
  readonly line: number | undefined;
  /** 1-based. */
  readonly column: number | undefined;
  /** Package, jar, shared object or kernel module, where the runtime names one. */
  readonly module: string | undefined;
  /** False for the runtime's, the standard library's and third-party code. */
  readonly inApp: boolean;
  /** The source line, where the runtime prints it (Python, Elixir). */
  readonly source: string | undefined;
}

/** One exception with its stack, and the one that caused it. */
export interface Trace {
  readonly language: TraceLanguage;
  /** `TypeError`, `java.lang.NullPointerException`, `panic`, `AddressSanitizer: heap-use-after-free`. */
  readonly type: string | undefined;
  /** Message of the exception, all its lines; without the type. */
  readonly message: string;
  /** Innermost call first, whatever order the runtime prints. */
  readonly frames: readonly Frame[];
  /** The exception that led to this one (Java `Caused by`, Python `The above exception was the direct cause`, JS `[cause]`). */
  readonly cause: Trace | undefined;
  /** Exceptions beside the chain: Java `Suppressed`, Python exception groups, the other errors of an AggregateError. */
  readonly related: readonly Trace[];
}
