// Values that an incident's records hold and a call may have had: JSON, `key=value`, what the message quotes; and what to try where nothing was logged.
// Must never run or interpret anything; values are data.
import type { Problem } from '../problem.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface Value {
  /** `undefined` is JavaScript's; Python's None stands for it. */
  readonly value: Json | undefined;
  /** Lower is tried first. */
  readonly cost: number;
  readonly isLogged: boolean;
}

const mostCharacters = 20_000;
const mostDocuments = 6;
const mostScalars = 8;
const longestScalar = 200;

/** What was logged, by name where it has one. */
export interface LoggedValues {
  readonly documents: readonly Json[];
  readonly named: ReadonlyMap<string, readonly Json[]>;
  readonly scalars: readonly Json[];
}

export function readLoggedValues({ occurrences, reason }: Problem): LoggedValues {
  const texts = occurrences.slice(0, 3).flatMap(({ raw, before }) => [raw, ...before.toReversed().slice(0, 5)]);
  const documents: Json[] = [];
  const named = new Map<string, Json[]>();
  const scalars: Json[] = [];
  const name = (key: string, value: Json): void => {
    const known = named.get(fold(key)) ?? [];
    if (known.length < 4) named.set(fold(key), [...known, value]);
  };
  for (const text of texts) {
    const { found, rest } = takeDocuments(text.slice(0, mostCharacters), mostDocuments - documents.length);
    documents.push(...found);
    for (const [, key = '', value = ''] of rest.matchAll(
      /([A-Za-z_][\w.-]{0,40})[=:]\s?("[^"\n]{0,200}"|'[^'\n]{0,200}'|[^\s,;&()[\]{}"']{1,200})/g,
    ))
      for (const one of readings(unquote(value))) name(key, one);
  }
  for (const { fields } of occurrences.slice(0, 3))
    for (const [key, value] of Object.entries(fields))
      if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') name(key, value);
  for (const document of documents) nameMembers(document, name);
  for (const [, quoted = ''] of reason.message.matchAll(/['"`]([^'"`\n]{0,200})['"`]/g))
    for (const one of readings(quoted)) if (scalars.length < mostScalars) scalars.push(one);
  return { documents, named, scalars };
}

/** What a parameter of this name may have been, the likeliest first. */
export function valuesFor(parameter: string, logged: LoggedValues): readonly Value[] {
  const found: Value[] = [];
  const add = (value: Json | undefined, cost: number, isLogged: boolean): void => {
    if (!found.some((one) => JSON.stringify(one.value) === JSON.stringify(value))) found.push({ value, cost, isLogged });
  };
  for (const value of logged.named.get(fold(parameter)) ?? []) add(value, 0, true);
  for (const value of logged.documents) add(value, 1, true);
  for (const value of logged.scalars) add(value, 2, true);
  for (const value of logged.documents) add({ body: value, query: value, params: value }, 3, true);
  // What lacks something is likelier than what lacks everything.
  add({}, 4, false);
  add([], 4, false);
  add(undefined, 5, false);
  add(null, 5, false);
  add(0, 5, false);
  add('', 5, false);
  add('x', 6, false);
  add(1, 6, false);
  add(100, 6, false);
  add(-1, 6, false);
  add('a text that is longer than most fields are made for', 7, false);
  add([{}], 7, false);
  add([null], 7, false);
  return found;
}

/** Complete JSON documents in a line, and the line without them; brackets are counted once, so that the time is linear. */
function takeDocuments(text: string, most: number): { readonly found: readonly Json[]; readonly rest: string } {
  const found: Json[] = [];
  let rest = '';
  let at = 0;
  while (at < text.length) {
    const character = text[at];
    const end = (character === '{' || character === '[') && found.length < most ? endOfDocument(text, at) : undefined;
    const value = end === undefined ? undefined : parse(text.slice(at, end));
    if (end === undefined || value === undefined) {
      rest += character;
      at += 1;
      continue;
    }
    found.push(value);
    // What is before it may name it: `body={…}`.
    rest += ' ';
    at = end;
  }
  return { found, rest };
}

/** Brackets deeper than this, or documents longer, are no arguments. */
const deepest = 12;
const longestDocument = 4_000;

function endOfDocument(text: string, from: number): number | undefined {
  let depth = 0;
  let inString = false;
  const last = Math.min(text.length, from + longestDocument);
  for (let at = from; at < last; at += 1) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
    if (depth > deepest) return undefined;
  }
  return undefined;
}

function parse(text: string): Json | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return typeof value === 'object' && value !== null && Object.keys(value).length > 0 ? value : undefined;
  } catch {
    // Braces that hold no JSON are common in logs.
    return undefined;
  }
}

function nameMembers(document: Json, name: (key: string, value: Json) => void): void {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return;
  for (const [key, value] of Object.entries(document)) name(key, value);
}

/** A number is logged as it is passed, or was text. */
function readings(text: string): readonly Json[] {
  if (text.length > longestScalar) return [];
  if (/^(?:null|undefined|none|nil)$/i.test(text)) return [null];
  if (/^(?:true|false)$/i.test(text)) return [text.toLowerCase() === 'true', text];
  return /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text) ? [text, Number(text)] : [text];
}

function unquote(text: string): string {
  return /^(["']).*\1$/.test(text) ? text.slice(1, -1) : text;
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}
