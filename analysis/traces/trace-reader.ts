// Finds and reads the stack trace in a text, whatever wrote it and however it was wrapped.
// Must never know how a language writes its frames; the language files do.
import type { Trace } from '../trace.ts';
import { dartReader } from './dart.ts';
import { dotnetReader } from './dotnet.ts';
import { elixirReader } from './elixir.ts';
import { erlangReader } from './erlang.ts';
import { goReader } from './go.ts';
import { javaReader } from './java.ts';
import { javascriptReader } from './javascript.ts';
import { kernelReader } from './kernel.ts';
import { luaReader } from './lua.ts';
import { nativeReader } from './native.ts';
import { perlReader } from './perl.ts';
import { phpReader } from './php.ts';
import { pythonReader } from './python.ts';
import { rubyReader } from './ruby.ts';
import { rustReader } from './rust.ts';
import type { TraceReader } from './trace-language.ts';
import { traceLines } from './trace-lines.ts';

/** In case of equal weight the earlier reader wins: formats that others could be mistaken for come first. */
const READERS: readonly TraceReader[] = [
  pythonReader,
  goReader,
  rustReader,
  javaReader,
  dotnetReader,
  rubyReader,
  phpReader,
  dartReader,
  elixirReader,
  erlangReader,
  luaReader,
  perlReader,
  kernelReader,
  nativeReader,
  javascriptReader,
];

/** A head and a frame. */
const TELLING = 7;

/**
 * The trace in `text`, or undefined when there is none. The text may hold other lines around and between the trace's, a syslog, CRI or
 * Docker header on each line, a logger's indentation, or the whole trace escaped inside a JSON string. Time is linear in the text,
 * of which at most MAX_TRACE_LINES lines are looked at.
 */
export function parseTrace(text: string): Trace | undefined {
  const lines = traceLines(text);
  const weights = READERS.map((reader) => ({ reader, weight: reader.weigh(lines) }));
  // The native stack of a program that Python or Go runs is its interpreter's or runtime's: their own trace says more.
  const telling = weights.filter(({ reader, weight }) => weight >= TELLING && (reader === pythonReader || reader === goReader));
  for (const { reader, weight } of [...telling, ...weights.toSorted((left, right) => right.weight - left.weight)]) {
    if (weight < 2) return undefined;
    const trace = reader.read(lines);
    if (trace !== undefined) return trace;
  }
  return undefined;
}
