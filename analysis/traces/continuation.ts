// Tells a reader of lines which lines belong to one trace, so that they become one record.
// Must never hold lines itself, read a trace, or wait: the caller owns buffers, caps and time-outs.
//
// Use (one TraceJoiner for each source; the caller keeps one open record and, behind it, undecided lines):
//   switch (joiner.next(line)) {
//     case 'starts':    // emit the open record, emit each undecided line as a record of its own, open a record with this line
//     case 'continues': // append the undecided lines, then this line, to the open record
//     case 'maybe':     // append this line to the undecided lines
//     case 'attaches':  // like 'continues', but the record begins with the line before: what was open or undecided ahead of it is emitted
//   }
// An ordinary line 'starts' and stays open until the next line shows that it isn't the head of a trace; so give an open record out
// after a short silence (some 100 ms; `inTrace` says whether a longer wait pays) and call `reset()`. At most MAX_UNDECIDED lines are
// undecided at a time. Whoever caps a record's lines or bytes cuts it and calls `reset()`; the rest then joins a record of its own.
import { isWorthJudging } from './beginnings.ts';
import { belowJoining, belowPhase } from './below-joining.ts';
import { isBlank, isIndented, tellsFailure } from './join-rules.ts';
import type { JoinPhase, JoinRules } from './join-rules.ts';
import { announce, attach, outerIndentation } from './joinings.ts';
import type { Joined } from './joinings.ts';
import { unwrapLine } from './line-wrapper.ts';
import { beginsWithTime, behindPrefix, headerEnds, isSameMoment, repeatedTags, sharedPrefix } from './shared-prefix.ts';

/** How a line relates to the record that is open. */
export type Continuation = 'starts' | 'continues' | 'maybe' | 'attaches';

/** Undecided lines in a row before the joiner gives a trace up. */
export const MAX_UNDECIDED = 16;

/** Joins the lines of one source. An ordinary line costs some 100 ns. */
export class TraceJoiner {
  #rules: JoinRules | undefined;
  #phase: JoinPhase | undefined;
  #undecided = 0;
  /** Some of the undecided lines aren't blank. */
  #isTextUndecided = false;
  /** The line before, as it came and without its wrapper. */
  #raw = '';
  #previous = '';
  /** What the line shares with the one before, if that was measured. */
  #shared = -1;
  /** What is remembered as the line before is the one right before. */
  #isNext = true;
  /** The indentation that a logger gave every line of the open trace. */
  #margin = '';
  /** The header that every line of the open trace has; undefined while it may turn out that they have one. */
  #prefix: string | undefined;
  /** The open trace's first line that was understood, as it came. */
  #head = '';

  /** True while the open record is a trace that more lines may join. */
  get inTrace(): boolean {
    return this.#phase !== undefined;
  }

  /** Forgets the open record: the next line starts a new one, or is taken for the rest of a trace that was cut. */
  reset(): void {
    this.#leave();
    this.#raw = '';
    this.#previous = '';
  }

  /** The next line is an ordinary one (see line-screen.ts), and the one after it may be judged by it. Never inside a trace. */
  pass(line: string): void {
    this.#raw = withoutReturn(line);
    this.#previous = unwrapLine(this.#raw);
    this.#isNext = true;
    this.#undecided = 0;
  }

  /** Judges the next line of the source; `shared`: `sharedBytes` with the one before, if known. It has no terminator; a trailing carriage return doesn't matter. */
  next(given: string, shared = -1): Continuation {
    this.#shared = this.#isNext ? shared : -1;
    const line = withoutReturn(given);
    const content = unwrapLine(line);
    const verdict = this.#phase === undefined ? undefined : this.#follow(this.#phase, line, content);
    const decided = verdict ?? this.#judgeAlone(line, content);
    // What is indented below a line with a time is judged by that line, and so is what comes behind it.
    this.#isNext = this.#rules !== belowJoining;
    if (this.#isNext) {
      this.#raw = line;
      this.#previous = content;
    }
    return decided;
  }

  #leave(): void {
    this.#rules = undefined;
    this.#phase = undefined;
    this.#undecided = 0;
    this.#isTextUndecided = false;
    this.#margin = '';
    this.#prefix = undefined;
  }

  /** Undefined for a line that ends the open trace. */
  #follow(phase: JoinPhase, line: string, content: string): Continuation | undefined {
    const inner = this.#innerOf(content);
    if (inner === undefined) return this.#isBelowPrefix(content) ? this.#continue(phase) : undefined;
    const next = this.#rules?.follow(phase, inner);
    if (next?.sure === true) {
      this.#prefix ??= '';
      return this.#continue(next);
    }
    if (this.#prefix === undefined) {
      const verdict = this.#followPrefixed(phase, line, content);
      if (verdict !== undefined) return verdict;
    }
    if (next === undefined) return undefined;
    // While it is open what this is, another language may know: Python's traceback below `Internal Server Error: /cart`.
    const isPrefixed = this.#prefix !== undefined && this.#prefix !== '';
    const other = attach(inner, isPrefixed ? (this.#innerOf(this.#previous) ?? '') : this.#previous);
    if (other?.phase.sure === true && !this.#isTextUndecided) return this.#continue(other.phase, other.rules);
    if (other !== undefined) return undefined;
    const opened = announce(inner);
    // The same language's next failure, where every line may be an event; or another's, which can't be part of a message.
    const isOther = opened?.rules !== this.#rules;
    if (opened !== undefined && (isOther ? isPrefixed || opened.phase.sure : isPrefixed && !opened.phase.sure)) return undefined;
    return this.#wait(next, inner);
  }

  /** Whether the line goes on with the trace where every line has the header that it shares with the trace's first. */
  #followPrefixed(phase: JoinPhase, line: string, content: string): Continuation | undefined {
    const shared = prefixBetween(this.#head, line, content);
    for (const end of headerEnds(content, shared)) {
      // The head of an exception group is itself indented by two.
      const length = isGroupAt(content, end) ? end - 2 : end;
      const prefix = content.slice(0, length);
      const inner = content.slice(length);
      const next = this.#rules?.follow(phase, inner);
      const joined = next?.sure === true ? { rules: this.#rules, phase: next } : this.#attachBehind(prefix, inner);
      if (joined === undefined) continue;
      this.#prefix = prefix;
      return this.#continue(joined.phase, joined.rules);
    }
    if (shared === 0) return undefined;
    // A further line of a message: only what was written at the same time can be one.
    const inner = content.slice(shared);
    const next = this.#rules?.follow(phase, inner);
    const isOneWrite = next !== undefined && isSameMoment(this.#head, line, line.length - content.length + shared);
    return isOneWrite && announce(inner) === undefined ? this.#wait(next, inner) : undefined;
  }

  #attachBehind(prefix: string, inner: string): Joined | undefined {
    const before = behindPrefix(prefix, this.#previous);
    const joined = before === undefined ? undefined : attach(inner, this.#previous.slice(before));
    return joined?.phase.sure === true ? joined : undefined;
  }

  #continue(phase: JoinPhase, rules = this.#rules): Continuation {
    this.#rules = rules;
    this.#phase = phase;
    this.#undecided = 0;
    this.#isTextUndecided = false;
    return 'continues';
  }

  #wait(phase: JoinPhase, line: string): Continuation | undefined {
    this.#isTextUndecided ||= !isBlank(line);
    this.#undecided += 1;
    if (this.#undecided > MAX_UNDECIDED) return undefined;
    this.#phase = phase;
    return 'maybe';
  }

  /** Without the open trace's header and indentation; undefined for a line that lacks them, and so ends it. */
  #innerOf(content: string): string | undefined {
    if (this.#prefix !== undefined && this.#prefix !== '') {
      const length = behindPrefix(this.#prefix, content);
      return length === undefined ? undefined : content.slice(length);
    }
    if (this.#margin === '') return content;
    if (content.startsWith(this.#margin)) return content.slice(this.#margin.length);
    return isBlank(content) ? content : undefined;
  }

  /** A line that a logger left without the header that all others have, such as the further lines of PostgreSQL's statements. */
  #isBelowPrefix(content: string): boolean {
    return this.#prefix !== undefined && isIndented(content) && !isBlank(content) && beginsWithTime(this.#prefix);
  }

  #judgeAlone(line: string, content: string): Continuation {
    const isTextUndecided = this.#isTextUndecided;
    this.#leave();
    const verdict = this.#judgeBehind(line, content);
    return verdict === 'continues' && isTextUndecided ? 'attaches' : verdict;
  }

  /** Judges a line by the one before alone. */
  #judgeBehind(line: string, content: string): Continuation {
    const previous = this.#previous;
    const raw = this.#raw;
    const attached = attach(content, previous);
    if (attached !== undefined) return this.#open(attached, raw);
    const margin = outerIndentation(content);
    const verdict = margin > 0 ? this.#judgeIndented(line, content, margin) : undefined;
    if (verdict !== undefined) return verdict;
    const length = prefixBetween(raw, line, content, this.#shared);
    const tags = length === 0 && content.charCodeAt(0) === 0x5b ? repeatedTags(previous, content) : 0;
    const header = Math.max(length, tags);
    let announced: Joined | undefined;
    if (header > 0 && isWorthJudging(content, header)) {
      const prefix = content.slice(0, header);
      const inner = content.slice(header);
      const before = tags > 0 ? previous.trimEnd().slice(0, 1 - tags) : previous.slice(header);
      const prefixed = attach(inner, before, tags > 0 || previous.startsWith(prefix));
      if (prefixed !== undefined) return this.#open(prefixed, raw, shortestPrefix(prefix, content, previous, prefixed.rules));
      if (isIndented(inner) && !isBlank(inner) && beginsWithTime(before))
        return this.#open({ rules: belowJoining, phase: belowPhase }, raw, prefix);
      announced = announce(content) ?? announce(inner);
    } else announced = announce(content);
    this.#rules = announced?.rules;
    this.#phase = announced?.phase;
    this.#head = line;
    return 'starts';
  }

  /** A logger indents what it was given: the head of a trace, then all its lines, stand below its own line. */
  #judgeIndented(line: string, content: string, margin: number): Continuation | undefined {
    const previous = this.#previous;
    const inner = content.slice(margin);
    // The time may be taken for a wrapper where only the first line of an event has it.
    const wrapper = line.length - content.length;
    const isBelowTime = beginsWithTime(endsWithContent(line, content) ? behindWrapper(this.#raw, line, wrapper) : previous);
    const attached = attach(inner, previous);
    const joined = attached ?? announce(inner);
    if (joined !== undefined) {
      this.#margin = content.slice(0, margin);
      if (attached !== undefined) return this.#open(attached, this.#raw);
      this.#rules = joined.rules;
      this.#phase = joined.phase;
      this.#prefix = '';
      return tellsFailure(previous) || isBelowTime ? 'continues' : 'starts';
    }
    return isBelowTime ? this.#continue(belowPhase, belowJoining) : undefined;
  }

  /** Of a line that attaches: one that only may belong waits for the next. */
  #open({ rules, phase }: Joined, head: string, prefix?: string): Continuation {
    this.#rules = rules;
    this.#phase = phase;
    this.#head = head;
    this.#prefix = prefix ?? (phase.sure ? '' : undefined);
    if (phase.sure) return 'continues';
    this.#undecided = 1;
    return 'maybe';
  }
}

/** How much of a line's content is a header that the line before has too. Wrappers count as part of it. */
function prefixBetween(previous: string, line: string, content: string, known = -1): number {
  if (previous === '') return 0;
  const wrapper = line.length - content.length;
  // The content of a Docker line is no part of the line as it stands.
  if (wrapper > 0 && !endsWithContent(line, content)) return sharedPrefix(unwrapLine(previous), content);
  return Math.max(0, Math.min(sharedPrefix(previous, line, known), line.length) - wrapper);
}

/** The indentation that a logger put before the head of a trace; empty where there is none, and before a frame, which has its own. */
export function marginOf(line: string, previous: string): string {
  const margin = outerIndentation(line);
  if (margin === 0 || attach(line, previous) !== undefined) return '';
  const inner = line.slice(margin);
  const isHead = attach(inner, previous) !== undefined || announce(inner) !== undefined;
  return isHead ? line.slice(0, margin) : '';
}

/** False for what was unescaped: Docker's JSON, and tabs that rsyslog wrote in octal. */
function endsWithContent(line: string, content: string): boolean {
  return line.charCodeAt(0) !== 0x7b && line.charCodeAt(line.length - content.length) === content.charCodeAt(0);
}

/** What stands in the line before behind the wrapper that `line` has; empty where it has another one. */
function behindWrapper(previous: string, line: string, wrapper: number): string {
  return wrapper === 0 || sharedPrefix(previous, line) >= wrapper ? previous.slice(wrapper) : '';
}

/** The header that each line of a trace has in a text, as far as two neighbours show it; empty where there is none. */
export function prefixOf(previous: string, line: string): string {
  const shared = sharedPrefix(previous, line);
  if (shared === 0 || attach(line, previous) !== undefined) return '';
  const isHeadBare = announce(previous) !== undefined;
  for (const end of headerEnds(line, shared)) {
    // Both lines may be indented, by as much: of white space that they share only the first belongs to the header.
    const first = line.slice(0, end).trimEnd().length + 1;
    for (const length of first < end ? [first, end] : [end]) {
      const before = previous.slice(length);
      if (attach(line.slice(length), before) !== undefined || (!isHeadBare && announce(before) !== undefined)) return line.slice(0, length);
    }
  }
  return '';
}

/** What lines share may reach into what was written: `PHP Warning: …` and `PHP Stack trace:`. So the header ends as soon as the rules hold. */
function shortestPrefix(prefix: string, content: string, previous: string, rules: JoinRules): string {
  for (const end of headerEnds(content, prefix.length)) {
    if (rules.attach(content.slice(end), previous.slice(end)) !== undefined) return content.slice(0, end);
  }
  return prefix;
}

/** `+ Exception Group Traceback`, `+-+----`, `| Traceback` of Python. */
function isGroupAt(content: string, at: number): boolean {
  return (content.startsWith('| ', at) || content.startsWith('+-', at) || content.startsWith('+ ', at)) && content.startsWith('  ', at - 2);
}

function withoutReturn(line: string): string {
  return line.charCodeAt(line.length - 1) === 0x0d ? line.slice(0, -1) : line;
}
