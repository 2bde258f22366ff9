// How loggers for people write one event on several lines: .NET's console, java.util.logging, pino-pretty; and JSON that was indented.
// Must never take a line that its logger would have begun otherwise.
import { indentationOf, isBlank, isIndented, openPhase, surePhase } from './join-rules.ts';
import type { JoinRules } from './join-rules.ts';

/** Microsoft.Extensions.Logging indents all of an event but its head by six. */
const netPhase = surePhase('net');
const javaPhase = surePhase('java');
/** `{` alone: only a key on the next line shows that it is JSON. */
const bracePhase = openPhase('brace');
const objectPhase = surePhase('object');
const closedPhase = surePhase('closed');

export const consoleJoining: JoinRules = {
  announce: (line) => (line === '{' ? bracePhase : undefined),
  attach(line, previous) {
    if (line.startsWith(netMargin)) return isNetHead(previous) ? netPhase : undefined;
    return JAVA_LEVELS.some((level) => line.startsWith(level)) && JAVA_HEAD.test(previous) ? javaPhase : undefined;
  },
  follow(phase, line) {
    switch (phase) {
      case netPhase:
        return line.startsWith(netMargin) ? netPhase : undefined;
      case bracePhase:
        return isIndented(line) && line.charCodeAt(indentationOf(line)) === 0x22 && line.includes('":') ? objectPhase : undefined;
      case objectPhase:
        if (line === '}' || line === '},') return closedPhase;
        return isIndented(line) && !isBlank(line) ? objectPhase : undefined;
      default:
        return undefined;
    }
  },
};

const netMargin = '      ';

/** `fail: Shop.Cart[12]` */
function isNetHead(line: string): boolean {
  return line.length < 1000 && NET_HEAD.test(line);
}

const NET_HEAD = /^(?:.{0,60} )?(?:trce|dbug|info|warn|fail|crit): \S{1,500}\[-?\d{1,10}\]$/;

/** `Nov 29, 2026 1:33:07 PM com.shop.Server handle`, with the level and the message on the next line. */
const JAVA_HEAD = /^[A-Z]\w{2} \d{1,2}, \d{4} \d{1,2}:\d{2}:\d{2}(?:\.\d{1,9})?[ \u00a0\u202f]?\S{0,4}[AP]M \S{1,200}(?: \S{1,100})?$/;
const JAVA_LEVELS = ['SEVERE: ', 'WARNING: ', 'INFO: ', 'CONFIG: ', 'FINE: ', 'FINER: ', 'FINEST: '];
