// Turns what a schema objects to into sentences for an operator: what is wrong, where, and what to do.
// Must never show a value, because it may be a secret written to the wrong place.
import type * as z from 'zod';

/** The part of JSON Schema (2020-12) that zod writes and that advice is read from. */
export interface SchemaShape {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, SchemaShape>>;
  readonly items?: SchemaShape;
  readonly additionalProperties?: SchemaShape | boolean;
  readonly anyOf?: readonly SchemaShape[];
  readonly oneOf?: readonly SchemaShape[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
}

type Issue = z.core.$ZodIssue;

export interface IssueText {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** One issue becomes one problem or, for several unknown keys, one each. */
export function explainIssue(issue: Issue, shape: SchemaShape, base: readonly PropertyKey[] = []): readonly IssueText[] {
  const path = [...base, ...issue.path];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], message: explainUnknownKey(key, knownKeysAt(shape, path)) }));
    case 'invalid_type':
      return [{ path, message: explainType(issue.expected, foundType(issue.message)) }];
    case 'invalid_value':
      return [{ path, message: `must be ${listChoices(issue.values)}` }];
    case 'invalid_union':
      return explainUnion(issue, shape, path);
    case 'too_small':
    case 'too_big':
      return [{ path, message: explainSize(issue) }];
    case 'invalid_format':
      return [{ path, message: explainFormat(issue.format, issue.message) }];
    default:
      return [{ path, message: issue.message }];
  }
}

/** `sources[0].path`, as a person would point at it. */
export function showPath(path: readonly PropertyKey[]): string {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  return text.startsWith('.') ? text.slice(1) : text;
}

/** The schema's parts that describe the value at `path`; several where it is a union. */
export function shapesAt(shape: SchemaShape, path: readonly PropertyKey[]): readonly SchemaShape[] {
  const [head, ...rest] = path;
  const unions = [...(shape.anyOf ?? []), ...(shape.oneOf ?? [])].flatMap((part) => shapesAt(part, path));
  if (head === undefined) return [shape, ...unions];
  const below = typeof head === 'number' ? shape.items : shapeOfKey(shape, String(head));
  return [...(below === undefined ? [] : shapesAt(below, rest)), ...unions];
}

function shapeOfKey(shape: SchemaShape, key: string): SchemaShape | undefined {
  const own = shape.properties !== undefined && Object.hasOwn(shape.properties, key) ? shape.properties[key] : undefined;
  return own ?? (typeof shape.additionalProperties === 'object' ? shape.additionalProperties : undefined);
}

/** The keys that a map at `path` may have. */
export function knownKeysAt(shape: SchemaShape, path: readonly PropertyKey[]): readonly string[] {
  return [...new Set(shapesAt(shape, path).flatMap((part) => Object.keys(part.properties ?? {})))];
}

function explainUnknownKey(key: string, known: readonly string[]): string {
  const near = known
    .map((name) => ({ name, distance: editDistance(key.toLowerCase(), name.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)[0];
  if (near !== undefined && near.distance <= Math.max(1, Math.floor(near.name.length / 3)))
    return `is no setting; did you mean "${near.name}"?`;
  return known.length === 0 ? 'is no setting; remove it' : `is no setting; possible here: ${known.join(', ')}`;
}

/** zod keeps the found type only in its message. */
function foundType(message: string): string | undefined {
  return /received (\S+)$/.exec(message)?.[1];
}

const typeNames: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  object: 'a map of settings',
  record: 'a map',
  array: 'a list',
};

const foundNames: Readonly<Record<string, string>> = { ...typeNames, null: 'nothing', object: 'a map', NaN: 'no number' };

function explainType(expected: string, found: string | undefined): string {
  const wanted = typeNames[expected] ?? expected;
  if (found === undefined || found === 'undefined') return `is missing; give it ${wanted}`;
  const quote = expected === 'string' && (found === 'number' || found === 'boolean') ? '; put it in quotes' : '';
  if (expected === 'int' && found === 'number') return `must be ${wanted}`;
  return `must be ${wanted}, but is ${foundNames[found] ?? found}${quote}`;
}

function listChoices(values: readonly unknown[]): string {
  const shown = values.map((value) => String(value));
  return shown.length === 1 ? shown.join('') : `one of: ${shown.join(', ')}`;
}

function explainSize(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): string {
  const small = issue.code === 'too_small';
  const bound = small ? issue.minimum : issue.maximum;
  if (issue.origin === 'string' && small && Number(bound) === 1) return 'must not be empty';
  const unit =
    { string: ' characters', array: ' entries', set: ' entries', map: ' entries', object: ' keys' }[issue.origin as string] ?? '';
  const relation = issue.inclusive === false ? (small ? 'more than' : 'less than') : small ? 'at least' : 'at most';
  return unit === '' ? `must be ${relation} ${String(bound)}` : `must have ${relation} ${String(bound)}${unit}`;
}

const formatNames: Readonly<Record<string, string>> = {
  url: 'a URL such as https://host/path',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
};

function explainFormat(format: string, message: string): string {
  const name = formatNames[format];
  return name === undefined ? message : `must be ${name}`;
}

function explainUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  shape: SchemaShape,
  path: readonly PropertyKey[],
): readonly IssueText[] {
  if ('options' in issue && Array.isArray(issue.options)) return [{ path, message: `must be ${listChoices(issue.options)}` }];
  // The branch that got furthest is the one that was meant: it objects deepest inside the value.
  const depth = (branch: readonly Issue[]): number => Math.max(0, ...branch.map((inner) => inner.path.length));
  const meant = issue.errors.toSorted((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
  if (meant !== undefined && depth(meant) > 0) return meant.flatMap((inner) => explainIssue(inner, shape, path));
  const wanted = issue.errors.flat().flatMap((inner) => {
    if (inner.code === 'invalid_type') return [typeNames[inner.expected] ?? inner.expected];
    return inner.code === 'invalid_value' ? inner.values.map(String) : [inner.message];
  });
  return [{ path, message: `must be ${[...new Set(wanted)].join(' or ')}` }];
}

/** Levenshtein's distance; keys are short. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(left).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(right).entries()) {
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
