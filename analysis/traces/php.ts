// How PHP writes an uncaught exception with its trace.
// Must never guess at other languages' framesPhase.
import type { Frame, Trace } from '../trace.ts';
import { indentationOf, openPhase, surePhase } from './join-rules.ts';
import type { JoinRules } from './join-rules.ts';
import { chainOf, frameOf, traceOf } from './trace-language.ts';
import type { TraceReader } from './trace-language.ts';

const headPhase = openPhase('head');
const framesPhase = surePhase('frames');
/** Monolog's context closes. */
const endedPhase = surePhase('ended');
const betweenPhase = openPhase('between');

/** Joins `PHP Fatal error: Uncaught …` with its numbered framesPhase, `Next …` exceptions and `thrown in`. */
export const phpJoining: JoinRules = {
  announce: (line) => (line.includes('Uncaught ') && line.includes('PHP ') && line.includes(' error: ') ? headPhase : undefined),
  attach: (line) => (isStackTraceLine(line) || readPhpFrame(line) !== undefined ? framesPhase : undefined),
  follow(phase, line) {
    if (isStackTraceLine(line) || readPhpFrame(line) !== undefined || isMain(line)) return framesPhase;
    if (line.trimStart().startsWith('thrown in ')) return framesPhase;
    if (line.startsWith('Next ') || line.startsWith('[previous exception] ') || isXdebugFrame(line)) return framesPhase;
    if (line.startsWith('"}') && phase !== headPhase) return endedPhase;
    if (phase === endedPhase) return undefined;
    if (line === '' && phase === framesPhase) return betweenPhase;
    return phase === headPhase && !/^[[{\d]/.test(line) ? headPhase : undefined;
  },
};

export const phpReader: TraceReader = {
  weigh: (lines) => {
    let weight = 0;
    for (const line of lines) {
      if (readPhpFrame(line) !== undefined) weight += 2;
      else if (isStackTraceLine(line) || isMain(line) || line.includes('PHP Fatal error:')) weight += 2;
    }
    return weight;
  },
  read(lines) {
    const traces: Trace[] = [];
    let before: string[] = [];
    let open: { readonly parts: PhpHead; readonly frames: Frame[] } | undefined;
    const close = (): void => {
      if (open !== undefined) traces.push(phpTrace(open.parts, open.frames));
      open = undefined;
    };
    for (const line of lines) {
      // What follows is the same report once more, on the other output.
      if (line.trimStart().startsWith('thrown in ') && (open !== undefined || traces.length > 0)) break;
      if (line.startsWith('Next ')) {
        close();
        before = [line.slice(5)];
      } else if (isStackTraceLine(line)) {
        close();
        open = { parts: readHead(before), frames: [] };
      } else {
        const frame = readPhpFrame(line);
        if (frame !== undefined) {
          open ??= { parts: readHead(before), frames: [] };
          open.frames.push(frame);
        } else if (open === undefined && line.trim() !== '' && before.length < 64) before.push(line);
      }
    }
    close();
    if (traces.length === 0) return undefined;
    // PHP prints the first cause first; what `Next` announces was thrown later and reached the top.
    return chainOf(traces.toReversed());
  },
};

interface PhpHead {
  readonly type: string | undefined;
  readonly message: string;
  readonly file: string | undefined;
  readonly line: number | undefined;
}

/** Laravel's and Monolog's form: `{"exception":"[object] (Shop\\Declined(code: 0): no funds at /srv/app.php:5)`. */
const LOGGED = /\[object\] \(([\w\\]{1,200})\(code: \S{1,40}\): (.{0,2000}) at (\S{1,1000}):(\d{1,9})\)$/;

/** `PHP Fatal error:  Uncaught Shop\PaymentError: no funds in /srv/app.php:5`, or the older `exception 'E' with message 'm' in f:5`. */
function readHead(before: readonly string[]): PhpHead {
  const logged = LOGGED.exec((before.at(-1) ?? '').slice(-4000));
  if (logged !== null) return { type: logged[1], message: logged[2] ?? '', file: logged[3], line: Number(logged[4]) };
  const start = Math.max(
    0,
    before.findLastIndex((line) => line.includes('Uncaught ') || /exception '|^[\w\\]{1,200}(?:: | in )/.test(line)),
  );
  let text = before.slice(start).join('\n');
  const uncaught = text.indexOf('Uncaught ');
  if (uncaught >= 0) text = text.slice(uncaught + 9);
  const place = /^([^]*) in (\S.{0,1000}?)(?::| on line )(\d{1,9})$/.exec(text.slice(-4000).trimEnd());
  const body = place?.[1] ?? text;
  const file = place?.[2];
  const line = place?.[3] === undefined ? undefined : Number(place[3]);
  const old = /exception '([\w\\]{1,200})'(?: with message '([^]*)')?$/.exec(body);
  if (old !== null) return { type: old[1], message: old[2] ?? '', file, line };
  const named = /^(?:.{0,80}?[\s\]])?([A-Z][\w\\]{0,200})(?:: ([^]*))?$/.exec(body);
  return { type: named?.[1], message: named?.[2] ?? (named === null ? body : ''), file, line };
}

/**
 * PHP's frame `#0 a.php(9): f()` says that line 9 of a.php called f. The head has the place of the throw; so each function's own
 * place is the one a step above.
 */
function phpTrace(parts: PhpHead, calls: readonly Frame[]): Trace {
  const places: { readonly file: string | undefined; readonly line: number | undefined }[] = [parts, ...calls];
  const list = places.map(({ file, line }, index) =>
    frameOf({ function: calls[index]?.function ?? '{main}', file, line, inApp: file !== undefined && isAppFile(file) }),
  );
  return traceOf('php', { type: parts.type, message: parts.message, frames: list });
}

/** `#0 /srv/shop/a.php(9): Cart->total(Array)`, `#1 [internal function]: f()`. */
function readPhpFrame(line: string): Frame | undefined {
  const start = indentationOf(line);
  if (line.charCodeAt(start) !== 0x23) return undefined;
  const found = /^#\d{1,6} +(\[internal function\]|\S.{0,1000}?\(\d{1,9}\)): (.{1,8000})$/.exec(line.slice(start));
  if (found?.[1] === undefined || found[2] === undefined) return undefined;
  const paren = found[1].lastIndexOf('(');
  const internal = found[1].startsWith('[internal');
  return frameOf({
    function: functionOf(found[2]),
    file: internal ? undefined : found[1].slice(0, paren),
    line: internal ? undefined : Number(found[1].slice(paren + 1, -1)),
    inApp: !internal,
  });
}

function functionOf(call: string): string {
  const closure = call.indexOf('{closure');
  const end = closure >= 0 ? call.indexOf('}', closure) + 1 : call.indexOf('(');
  return end > 0 ? call.slice(0, end) : call;
}

function isStackTraceLine(line: string): boolean {
  return line.trim() === 'Stack trace:' || line.trim() === 'PHP Stack trace:' || line.trim() === '[stacktrace]';
}

/** `PHP   1. {main}() /srv/shop/index.php:0` */
function isXdebugFrame(line: string): boolean {
  return line.startsWith('PHP   ') && /^PHP {2,6}\d{1,4}\. /.test(line.slice(0, 20));
}

function isMain(line: string): boolean {
  return /^\s*#\d{1,6} \{main\}/.test(line);
}

function isAppFile(file: string): boolean {
  return !file.includes('/vendor/') && !file.startsWith('phar://') && !file.startsWith('/usr/share/php') && !file.includes("eval()'d code");
}
