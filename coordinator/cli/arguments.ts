// Reads what a person typed into the values the wire wants, with messages that list what is possible.
// Must never talk to the coordinator.
import { enumValue, parseDuration } from './presentation.ts';
import { usage } from './command-context.ts';

/** `operational,degraded` into enum values. */
export function enumList<T extends string>(option: string, text: string | undefined, values: Readonly<Record<string, T>>): T[] {
  if (text === undefined) return [];
  return text.split(',').map((word) => enumArgument(option, word.trim(), values));
}

export function enumArgument<T extends string>(option: string, word: string, values: Readonly<Record<string, T>>): T {
  const value = enumValue(values, word);
  if (value === undefined || /_UNSPECIFIED$|^UNRECOGNIZED$/.test(value)) {
    const possible = Object.keys(values)
      .filter((name) => !['UNSPECIFIED', 'UNRECOGNIZED'].includes(name))
      .map((name) => name.toLowerCase().replaceAll('_', '-'));
    throw usage(`${option} ${JSON.stringify(word)} is not known; possible: ${possible.join(', ')}`);
  }
  return value;
}

/** `key=value,key2=value2` or repeated options. */
export function labelArguments(option: string, texts: readonly string[] | undefined): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const text of (texts ?? []).flatMap((each) => each.split(','))) {
    const at = text.indexOf('=');
    if (at <= 0) throw usage(`${option} ${JSON.stringify(text)}: write it as key=value`);
    labels[text.slice(0, at)] = text.slice(at + 1);
  }
  return labels;
}

export function countArgument(option: string, text: string, most: number): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0 || count > most)
    throw usage(`${option} ${JSON.stringify(text)}: a whole number from 0 to ${most} is needed`);
  return count;
}

export function durationArgument(option: string, text: string): { ms: number; wire: { seconds: number; nanos: number } } {
  const ms = parseDuration(text);
  if (ms === undefined) throw usage(`${option} ${JSON.stringify(text)}: write it as 30s, 15m, 24h or 7d`);
  return { ms, wire: { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 } };
}

/** A moment: ISO 8601, or how long ago (`15m`). */
export function timeArgument(option: string, text: string | undefined, nowMs: number): Date | undefined {
  if (text === undefined) return undefined;
  const ago = parseDuration(text);
  const time = new Date(ago === undefined ? text : nowMs - ago);
  if (Number.isNaN(time.getTime()))
    throw usage(`${option} ${JSON.stringify(text)}: write a time such as 2026-01-31T12:00:00Z, or how long ago, such as 15m`);
  return time;
}

/** For options that may be given several times. */
export function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** A command as one text, with shell-like quotes, into an argument list; nothing is expanded. */
export function commandArgument(option: string, text: string | undefined): string[] {
  if (text === undefined) return [];
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else if (character === '\\' && quote === '"') word = (word ?? '') + text.charAt((at += 1));
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (character === ' ' || character === '\t') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === '\\') word = (word ?? '') + text.charAt((at += 1));
    else word = (word ?? '') + character;
  }
  if (quote !== undefined) throw usage(`${option}: a ${quote} is not closed`);
  return word === undefined ? words : [...words, word];
}
