// The severity scale of a log entry: syslog's eight levels (RFC 5424 section 6.2.1), and how words, letters and numbers map to it.
// Must never guess from a data set's or product's name; it knows words and numbers only.

/** Most severe first, so that an index is the syslog number. */
export const severities = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug'] as const;

export type Severity = (typeof severities)[number];

/** True if `severity` is at least as severe as `floor`. */
export function isAtLeast(severity: Severity, floor: Severity): boolean {
  return severities.indexOf(severity) <= severities.indexOf(floor);
}

/** Level names that loggers print, lower case. The order of kinds follows the scale. */
const words: ReadonlyMap<string, Severity> = new Map<string, Severity>([
  ['emerg', 'emergency'],
  ['emergency', 'emergency'],
  ['panic', 'emergency'],
  ['alert', 'alert'],
  ['crit', 'critical'],
  ['critical', 'critical'],
  ['fatal', 'critical'],
  ['ftl', 'critical'],
  ['err', 'error'],
  ['error', 'error'],
  ['erro', 'error'],
  ['severe', 'error'],
  ['failure', 'error'],
  ['fail', 'error'],
  ['warn', 'warning'],
  ['warning', 'warning'],
  ['wrn', 'warning'],
  ['notice', 'notice'],
  ['note', 'notice'],
  ['noti', 'notice'],
  ['info', 'info'],
  ['inf', 'info'],
  ['information', 'info'],
  ['informational', 'info'],
  ['log', 'info'],
  ['config', 'debug'],
  ['debug', 'debug'],
  ['dbg', 'debug'],
  ['dbug', 'debug'],
  ['debug1', 'debug'],
  ['debug2', 'debug'],
  ['debug3', 'debug'],
  ['debug4', 'debug'],
  ['debug5', 'debug'],
  ['fine', 'debug'],
  ['finer', 'debug'],
  ['finest', 'debug'],
  ['trace', 'debug'],
  ['trc', 'debug'],
  ['trce', 'debug'],
  ['verbose', 'debug'],
]);

/** One-letter levels of Android, glog, klog and Erlang-style loggers. */
const letters: ReadonlyMap<string, Severity> = new Map<string, Severity>([
  ['F', 'critical'],
  ['C', 'critical'],
  ['E', 'error'],
  ['W', 'warning'],
  ['N', 'notice'],
  ['I', 'info'],
  ['D', 'debug'],
  ['V', 'debug'],
  ['T', 'debug'],
]);

/** By the first letter (its low five bits, the same for both cases): the lengths that level words have, one bit each. */
const lengthsByLetter = new Uint16Array(32);
for (const word of words.keys()) {
  const letter = word.charCodeAt(0) & 31;
  lengthsByLetter[letter] = (lengthsByLetter[letter] ?? 0) | (1 << word.length);
}

/** The severity that a level word names (`WARN`, `Error`, `informational`), or undefined. */
export function severityOfWord(word: string): Severity | undefined {
  return severityOfWordIn(word, 0, word.length);
}

/** Like {@link severityOfWord}, of a part of a text; most are told by first letter and length, before anything is copied. */
export function severityOfWordIn(text: string, from: number, to: number): Severity | undefined {
  const size = to - from;
  if (size < 3 || size > 15 || (((lengthsByLetter[text.charCodeAt(from) & 31] ?? 0) >> size) & 1) === 0) return undefined;
  const word = text.slice(from, to);
  return words.get(word) ?? words.get(word.toLowerCase());
}

/** The severity that a single capital letter names (`E`, `W`, `I`), or undefined. */
export function severityOfLetter(letter: string): Severity | undefined {
  return letters.get(letter);
}

/** The severity in the low three bits of a syslog priority value (0–191), or undefined out of range. */
export function severityOfPriority(priority: number): Severity | undefined {
  if (!Number.isInteger(priority) || priority < 0 || priority > 191) return undefined;
  return severities[priority & 7];
}

/**
 * The severity of a structured `level` field: a word, a syslog number 0–7, or a bunyan/pino number 10–60.
 * OpenTelemetry's severity numbers overlap both and are read by {@link severityOfOpenTelemetry}.
 */
export function severityOfField(value: unknown): Severity | undefined {
  if (typeof value === 'string') {
    const word = severityOfWord(value);
    if (word !== undefined) return word;
    if (value.length === 1 && !(value >= '0' && value <= '9')) return severityOfLetter(value.toUpperCase());
    return /^\d{1,2}$/.test(value) ? severityOfField(Number(value)) : undefined;
  }
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  if (value >= 0 && value <= 7) return severities[value];
  if (value >= 60) return value < 70 ? 'critical' : undefined;
  if (value >= 50) return 'error';
  if (value >= 40) return 'warning';
  if (value >= 30) return 'info';
  return value >= 10 ? 'debug' : undefined;
}

/** The severity of an OpenTelemetry `severityNumber`, 1–24 (logs data model, "Field: SeverityNumber"). */
export function severityOfOpenTelemetry(number: number): Severity | undefined {
  if (!Number.isInteger(number) || number < 1 || number > 24) return undefined;
  if (number >= 21) return 'critical';
  if (number >= 17) return 'error';
  if (number >= 13) return 'warning';
  return number >= 9 ? 'info' : 'debug';
}

/**
 * What a message says about itself when its header names no level: only words that people write for failures,
 * and only where no negation or zero count stands before them. Undefined where unsure: a wrong `error` costs trust.
 */
export function severityOfMessage(message: string): Severity | undefined {
  if (message.charCodeAt(0) === 37) {
    const level = mnemonic.exec(message)?.[1];
    if (level !== undefined) return severities[Number(level)];
  }
  const text = message.length > 2048 ? message.slice(0, 2048) : message;
  for (let from = 0, looks = 0; looks < 6; looks++) {
    strongWords.lastIndex = from;
    const found = strongWords.exec(text);
    if (found === null) return undefined;
    // An access log's request may say anything; its status tells.
    if (looks === 0 && text.includes(' HTTP/') && servedStatus.test(text)) return undefined;
    const word = found[0].toLowerCase();
    from = found.index + word.length;
    const verdict = judge(text, found.index, word);
    if (verdict === 'stop') return undefined;
    if (verdict === 'name') continue;
    if (word.startsWith('panic') || word.startsWith('fatal') || word.startsWith('segfault') || word.startsWith('out of')) return 'critical';
    return word.startsWith('warn') ? 'warning' : 'error';
  }
  return undefined;
}

/** Whether a strong word at `at` tells of a failure, is denied (`stop`: what follows is of the same sentence), or is part of a name. */
function judge(text: string, at: number, word: string): 'failure' | 'stop' | 'name' {
  const before = text.slice(Math.max(0, at - 16), at);
  if (negation.test(before)) return 'stop';
  const rest = text.slice(at + word.length, at + word.length + 24);
  // `errors=0` and `error: 0` report that nothing happened.
  if (/^[=:]\s?(?:0\b|none\b|null\b|false\b|""|-)/.test(rest)) return 'stop';
  // A path, a file, a setting: `/etc/errors.conf`, `error-handling`, `panic=10`, `errors=remount-ro`.
  if (/[/\\]$/.test(before) || /^(?:\.[a-z]{1,5}\b|-[a-z])/.test(rest)) return 'name';
  if (rest.startsWith('=') && (word === 'panic' || word === 'errors' || word === 'fatal' || word === 'failure')) return 'name';
  return thing.test(rest) ? 'name' : 'failure';
}

/** `error page`, `error count`, `errors collector`: a thing that has to do with errors. */
const thing =
  /^ (?:pages?|logs?|counts?|counters?|handlers?|handling|collectors?|collection|reports?|reporting|correction|templates?|documents?|thresholds?|tracking|detection|levels?|policy|policies)\b/i;
/** A request and a status below 500, as web servers log them. */
const servedStatus = /"[A-Z]{3,10} [^"]{0,1900} HTTP\/[\d.]{1,3}" [1-4]\d\d\b/;
/** Network devices put the level between facility and mnemonic: `%LINK-3-UPDOWN:`, `%%01IFNET/4/LINK_STATE`. */
const mnemonic = /^%{1,2}[A-Z\d_]{2,32}(?:[-/][A-Z][A-Z\d_]{0,32}){0,2}[-/]([0-7])[-/][A-Z\d_]{2,64}[:([]/;
const strongWords = /\b(panic|fatal|segfault|out of memory|error|errors|failed|failure|exception|traceback|unhandled|uncaught|warning)\b/gi;
const negation = /(?:\b(?:no|0|without|non|not|ignore|ignoring|zero)[ -]|-)$/i;
