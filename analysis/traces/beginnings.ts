// How the lines begin that say something to some language; the screen and the joiner ask it before anything else.
// Must never judge a line; it only says that one is worth judging.

/**
 * How lines begin that say something to some language, wherever their wrapper ends. A line that begins otherwise can only
 * matter by its end, by a colon behind a name, or by having no space; the screen looks at those too.
 */
export const BEGINNINGS = [
  [' ', '\t', '\\', '#', '=', '--', '->', '** ', 'Unhandled ', 'thread ', 'PHP ', 'Next ', 'goroutine ', '{"log":"'],
  ['panic: ', 'panic serving', 'fatal error: ', 'runtime: ', 'SIGQUIT: ', 'SIGABRT: ', 'unexpected fault'],
  ['BUG: ', 'WARNING: ', 'INFO: ', 'Internal error: ', 'Unable to handle', 'UBSAN: ', 'Kernel panic', 'Oops', 'general protection'],
  ['kernel BUG', 'unreferenced object', 'divide error: ', 'watchdog: ', 'rcu: '],
  ['Caused by', 'Suppressed: ', '[cause]', '[stacktrace]', 'From previous', 'Wrapped by', 'Call Trace', 'Call trace', 'Backtrace'],
  ['Stack trace', 'stack trace', 'stack backtrace', 'Stack backtrace', 'Traceback', '<TASK>'],
  [
    'file:///',
    'node:',
    'C:\\',
    'future: <',
    'task: <',
    '*** ',
    '<--- ',
    'FATAL ERROR: ',
    'FATAL: ThreadSanitizer',
    'Fatal Python',
    'terminate called ',
    'Process ',
  ],
  ['DETAIL: ', 'HINT: ', 'QUERY: ', 'CONTEXT: ', 'LOCATION: ', 'STATEMENT: ', 'BACKTRACE: '],
  ['SEVERE: ', 'CONFIG: ', 'FINE: ', 'FINER: ', 'FINEST: '],
].flat();

const BY_FIRST = Map.groupBy(BEGINNINGS, (text) => text.charCodeAt(0));

/** `/srv/app.js:12`, and not every request whose line ends in a number. */
function endsInLineNumber(line: string): boolean {
  let at = line.length - 1;
  while (isDigit(line.charCodeAt(at))) at -= 1;
  return at < line.length - 1 && line.charCodeAt(at) === 0x3a;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/**
 * Whether what stands in `line` behind a header that it shares with the line before is worth judging. Lines that are alike share all but their
 * last words, which seldom are a trace's: so it has to begin like one, end like one, or be a place in a file.
 */
export function isWorthJudging(line: string, start: number): boolean {
  const last = line.charCodeAt(line.length - 1);
  if (last === 0x3a || last === 0x27 || last === 0x7b || start >= line.length) return true;
  const first = line.charCodeAt(start);
  if (first === 0x2f || first === 0x2e) return last === 0x29 || last === 0x5d || endsInLineNumber(line);
  // An exception's name: `TypeError: …`.
  const space = line.indexOf(' ', start);
  if (space > 0 && line.charCodeAt(space - 1) === 0x3a) return true;
  return BY_FIRST.get(first)?.some((text) => line.startsWith(text, start)) === true;
}
