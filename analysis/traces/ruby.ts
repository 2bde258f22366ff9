// How Ruby writes an exception with its backtrace.
// Must never guess at other languages' framesPhase.
import type { Frame, Trace } from '../trace.ts';
import { isExceptionName } from './exception-head.ts';
import { indentationOf, isBlank, isIndented, openPhase, surePhase } from './join-rules.ts';
import type { JoinRules } from './join-rules.ts';
import { chainOf, frameOf, traceOf } from './trace-language.ts';
import type { TraceReader } from './trace-language.ts';

const framesPhase = surePhase('frames');
const headPhase = openPhase('head');
const codePhase = openPhase('code');
/** A head behind a logger's header; it surely belongs to it. */
const loggedPhase = surePhase('logged');
const gapPhase = openPhase('gap');

/** Joins `app.rb:5:in 'f': message (KeyError)` with its `from` lines, causes, and the indented traces that Rails logs. */
export const rubyJoining: JoinRules = {
  // Rails puts a blank line between `KeyError (key not found):` and the frames; what follows other heads attaches by itself.
  // Ruby 3.4 puts the code between `app.rb:5:in 'f': message (KeyError)` and the frames.
  announce(line) {
    if (rubyHead(line) !== undefined) return codePhase;
    return isLoggedHead(line) ? headPhase : undefined;
  },
  attach(line, previous) {
    // Rails begins its message with an empty line, so that the logger's header stands alone.
    if (isLoggedHead(line) && (EMPTY_LOG.test(previous.slice(-200)) || line.startsWith('Information for'))) return loggedPhase;
    return readRubyFrame(line) === undefined ? undefined : framesPhase;
  },
  follow(phase, line) {
    if (readRubyFrame(line) !== undefined || (isIndented(line) && line.trimStart().startsWith('... '))) return framesPhase;
    if (phase === codePhase) return isBlank(line) || isIndented(line) ? codePhase : undefined;
    if (phase === headPhase || phase === loggedPhase) {
      if (isBlank(line) || isSourceLine(line)) return headPhase;
      return isViewFrame(line) ? framesPhase : undefined;
    }
    if (isLoggedHead(line) && line.startsWith('Information for')) return loggedPhase;
    if (phase === framesPhase && isBlank(line)) return gapPhase;
    if (phase === gapPhase) return undefined;
    if (isViewFrame(line)) return framesPhase;
    return rubyHead(line) === undefined ? undefined : framesPhase;
  },
};

/** `KeyError (key not found):`, `Information for cause: KeyError (key not found):` */
function isLoggedHead(line: string): boolean {
  return line.endsWith('):') && line.charCodeAt(0) !== 0x5b && !line.includes('.rb:') && namesRubyError(line);
}

/** `F, [2026-11-23T03:12:58.123456 #12] FATAL -- : ` and nothing behind it. */
const EMPTY_LOG = /\] {1,2}[A-Z]{3,7} -- [^:]{0,60}:\s{0,8}$/;

/** `    12: <%= @user.name %>`, of a template whose rendering failed. */
function isSourceLine(line: string): boolean {
  return isIndented(line) && /^\s{1,12}\d{1,6}: ?/.test(line.slice(0, 24));
}

/** `app/views/users/show.html.erb:2`: in a trace a place needn't name its method. */
function isViewFrame(line: string): boolean {
  return line.length < 1024 && /^[\w./-]{1,500}\.(?:rb|erb|haml|slim|ru|rake|jbuilder|builder|arb):\d{1,9}(?::in .{1,400})?$/.test(line);
}

/** `ActionView::Template::Error (undefined method …):`, also behind a logger's header. */
function namesRubyError(line: string): boolean {
  const open = line.indexOf(' (');
  return open > 0 && isExceptionName(line.slice(line.lastIndexOf(' ', open - 1) + 1, open));
}

export const rubyReader: TraceReader = {
  weigh: (lines) => {
    let weight = 0;
    for (const line of lines) {
      if (readRubyFrame(line) !== undefined) weight += 2;
      else if (rubyHead(line) !== undefined) weight += 3;
    }
    return weight;
  },
  read(lines) {
    const sections: RubySection[] = [];
    let before: string[] = [];
    for (const line of lines) {
      const head = rubyHead(line);
      if (head !== undefined) {
        sections.push({ type: head.type, message: head.message, raw: [head.frame] });
        continue;
      }
      const frame = readRubyFrame(line);
      if (frame === undefined) {
        if (line.trim() !== '' && before.length < 64) before.push(line.trim());
        continue;
      }
      let section = sections.at(-1);
      if (section === undefined) {
        section = { ...loggedHead(before), raw: [] };
        sections.push(section);
        before = [];
      }
      section.raw.push(frame);
    }
    const traces: Trace[] = sections.map(({ type, message, raw }) => traceOf('ruby', { type, message, frames: judgeFrames(raw) }));
    return chainOf(traces);
  },
};

interface RubySection {
  readonly type: string | undefined;
  readonly message: string;
  readonly raw: Frame[];
}

/** Rails and others log `KeyError (key not found: "x"):` or `KeyError: key not found`, then the frames. */
function loggedHead(before: readonly string[]): { readonly type: string | undefined; readonly message: string } {
  for (const line of before.toReversed()) {
    const found = /(?:^|[\s\]])((?:[A-Z]\w{0,100}::){0,8}[A-Z]\w{0,100})(?::? \(|: )(.{0,4000})$/.exec(line);
    if (found?.[1] !== undefined && isExceptionName(found[1])) return { type: found[1], message: (found[2] ?? '').replace(/\):?$/, '') };
  }
  const text = before.at(-1) ?? '';
  const named = /^((?:[A-Z]\w{0,100}::){0,8}[A-Z]\w{0,100}): (.{0,4000})$/.exec(text);
  return { type: named?.[1], message: named?.[2] ?? text };
}

/** `app.rb:5:in 'f': key not found: "x" (KeyError)`. */
function rubyHead(line: string): { readonly type: string; readonly message: string; readonly frame: Frame } | undefined {
  const label = line.indexOf(':in ');
  if (label < 0) return undefined;
  const end = line.indexOf("': ", label + 5);
  // A logger's indentation may stand before a head; frames are indented too, but end with their label.
  if (end < 0 || (isIndented(line) && !line.endsWith(')'))) return undefined;
  // `request failed: app.rb:5:in …`
  const before = line.lastIndexOf(': ', label);
  const frame = readRubyFrame(` ${line.slice(before < 0 ? 0 : before + 2, end + 1)}`);
  if (frame === undefined) return undefined;
  const rest = line.slice(end + 3);
  const open = rest.lastIndexOf(' (');
  const type = open >= 0 && rest.endsWith(')') ? rest.slice(open + 2, -1) : 'RuntimeError';
  return { type: /^[\w:#]+$/.test(type) ? type : 'RuntimeError', message: open >= 0 ? rest.slice(0, open) : rest, frame };
}

const RUBY_FILE = /\.(?:rb|erb|haml|slim|ru|rake|jbuilder|builder|arb):\d/;

/** `\tfrom app.rb:6:in 'block in total'`, `  2: from app.rb:…`, `  app/models/cart.rb:12:in 'total'`. */
function readRubyFrame(line: string): Frame | undefined {
  let start = indentationOf(line);
  // Rails logs its frames without indentation.
  if (start === 0 && !(line.endsWith("'") && RUBY_FILE.test(line))) return undefined;
  const from = /^(?:\d{1,6}: )?from /.exec(line.slice(start, start + 16));
  if (from !== null) start += from[0].length;
  const mark = line.indexOf(':in ', start);
  if (mark < 0 && !line.includes('.rb:', start)) return undefined;
  const place = (mark < 0 ? line.slice(start) : line.slice(start, mark)).trimEnd();
  const found = /^(\S.{0,1000}?):(\d{1,9})$/.exec(place);
  if (found?.[1] === undefined || (mark < 0 && !found[1].endsWith('.rb'))) return undefined;
  // At the margin, what stands before a space is a logger's header.
  if (line.charCodeAt(0) === found[1].charCodeAt(0) && found[1].includes(' ')) return undefined;
  const quote = line.charCodeAt(mark + 4);
  if (mark >= 0 && quote !== 0x60 && quote !== 0x27) return undefined;
  const close = line.lastIndexOf("'");
  const label = mark < 0 ? undefined : line.slice(mark + 5, close > mark + 4 ? close : undefined);
  return frameOf({ function: functionOf(label), file: found[1], line: Number(found[2]), inApp: isAppFile(found[1]), source: undefined });
}

/** `block (2 levels) in total` → `total`: blocks and clauses belong to the method that holds them. */
function functionOf(label: string | undefined): string | undefined {
  if (label === undefined) return undefined;
  const inside = label.lastIndexOf(' in ');
  return inside >= 0 ? label.slice(inside + 4) : label;
}

function isAppFile(file: string): boolean {
  if (file.startsWith('<internal:') || file.startsWith('(eval')) return false;
  return !/\/gems\/|\/lib\/ruby\/|\/vendor\/bundle\/|\/rubies\/[^/]{1,100}\/lib\/|^bundler\/|\/bin\/(?:bundle|rails|rake|puma)$/.test(file);
}

/**
 * A method written in C has no line of its own: Ruby gives it its caller's. So a frame at the very place of the frame below it is a
 * core method (`fetch` above `price`), unless both name the same method (a block in it).
 */
function judgeFrames(raw: readonly Frame[]): Frame[] {
  return raw.map((frame, index) => {
    const caller = raw[index + 1];
    const isCore = caller !== undefined && caller.file === frame.file && caller.line === frame.line && caller.function !== frame.function;
    const isBlockOfCaller = isCore && raw.slice(index + 1, index + 4).some((other) => other.function === frame.function);
    return isCore && !isBlockOfCaller ? { ...frame, inApp: false } : frame;
  });
}
