// What a function does with its parameters, as the shape of a value that it would take: which members it reads, what it goes through one by one.
// Must never run anything, or know more than the syntax: a shape is a guess that the run decides about.
import type { SyntaxNode } from '../../../base/syntax-tree.ts';
import type { Json } from './logged-values.ts';

export interface Shape {
  readonly members: Map<string, Shape>;
  /** Set where it is gone through one by one. */
  element: Shape | undefined;
  isText: boolean;
}

const listMethods = new Set([
  'map',
  'filter',
  'reduce',
  'forEach',
  'some',
  'every',
  'find',
  'findIndex',
  'flatMap',
  'push',
  'join',
  'sort',
  'length',
  'at',
  'concat',
  'append',
  'extend',
]);
const textMethods = new Set([
  'trim',
  'split',
  'toLowerCase',
  'toUpperCase',
  'startsWith',
  'endsWith',
  'replace',
  'replaceAll',
  'charAt',
  'padStart',
  'strip',
  'lower',
  'upper',
  'encode',
  'startswith',
  'endswith',
  'splitlines',
]);
const deepest = 4;
const mostVariants = 24;
const longText = 'a text that is longer than most fields are made for';

export function emptyShape(): Shape {
  return { members: new Map(), element: undefined, isText: false };
}

/** @param parameters by name; filled from what the body does with them */
export function learnShapes(body: SyntaxNode, parameters: Map<string, Shape>): void {
  const known = new Map(parameters);
  const visit = (node: SyntaxNode): void => {
    const source = loopSource(node);
    if (source !== undefined) {
      const shape = shapeAt(source.from, known);
      if (shape !== undefined) {
        shape.element ??= emptyShape();
        known.set(source.name, shape.element);
      }
    }
    if (node.type === 'spread_element' && node.namedChild(0) !== null) {
      const shape = shapeAt(node.namedChild(0) as SyntaxNode, known);
      if (shape !== undefined) shape.element ??= emptyShape();
    }
    if (node.type === 'variable_declarator' || node.type === 'assignment') {
      const name = node.childForFieldName('name') ?? node.childForFieldName('left');
      const value = node.childForFieldName('value') ?? node.childForFieldName('right');
      const shape = name?.type === 'identifier' && value !== null ? shapeAt(value, known) : undefined;
      if (shape !== undefined && name !== null) known.set(name.text, shape);
    }
    if (node.type === 'member_expression' || node.type === 'subscript' || node.type === 'attribute') shapeAt(node, known);
    for (const child of node.namedChildren) visit(child);
  };
  visit(body);
}

/** `for (const x of list)`, `for x in list`, `list.map((x) => …)`. */
function loopSource(node: SyntaxNode): { readonly name: string; readonly from: SyntaxNode } | undefined {
  if (node.type === 'for_in_statement' || node.type === 'for_statement' || node.type === 'for_in_clause') {
    const left = node.childForFieldName('left');
    const right = node.childForFieldName('right');
    return left?.type === 'identifier' && right !== null ? { name: left.text, from: right } : undefined;
  }
  if (node.type !== 'call_expression') return undefined;
  const callee = node.childForFieldName('function');
  const method = callee?.childForFieldName('property')?.text ?? '';
  const from = callee?.childForFieldName('object');
  const callback = node.childForFieldName('arguments')?.namedChildren[0];
  if (from === undefined || from === null || !listMethods.has(method) || callback?.type !== 'arrow_function') return undefined;
  const parameters = callback.childForFieldName('parameter') ?? callback.childForFieldName('parameters');
  // A reducer's first parameter is its sum.
  const names = parameters?.type === 'identifier' ? [parameters] : (parameters?.namedChildren ?? []);
  const wanted = names[method === 'reduce' ? 1 : 0];
  const name = wanted?.childForFieldName('pattern') ?? wanted;
  return name?.type === 'identifier' ? { name: name.text, from } : undefined;
}

/** The shape that an expression reads, made on the way; undefined if it doesn't begin with something known. */
function shapeAt(node: SyntaxNode, known: ReadonlyMap<string, Shape>): Shape | undefined {
  if (node.type === 'identifier') return known.get(node.text);
  const object = node.childForFieldName('object') ?? node.childForFieldName('value');
  if (object === null) return undefined;
  const key = keyOf(node);
  const inner = shapeAt(object, known);
  if (inner === undefined || key === undefined) return undefined;
  if (listMethods.has(key)) {
    inner.element ??= emptyShape();
    return undefined;
  }
  if (textMethods.has(key)) {
    inner.isText = true;
    return undefined;
  }
  // Another method than those says nothing of what the object is.
  if (node.parent?.type === 'call_expression' || node.parent?.type === 'call') return undefined;
  const member = inner.members.get(key) ?? emptyShape();
  inner.members.set(key, member);
  return member;
}

function keyOf(node: SyntaxNode): string | undefined {
  if (node.type === 'member_expression') return node.childForFieldName('property')?.text;
  if (node.type !== 'subscript') return undefined;
  const index = node.childForFieldName('subscript');
  return index?.type === 'string' ? index.text.slice(1, -1) : undefined;
}

/** Values of a shape: the whole, lists empty, with one member left out at a time, and with one of another kind. */
export function valuesOf(shape: Shape): readonly Json[] {
  if (shape.members.size === 0 && shape.element === undefined) return [];
  const whole = build(shape, true, deepest);
  const bare = build(shape, false, deepest);
  const lacking = [...without(whole), ...without(bare)];
  const seen = new Set<string>();
  return [whole, bare, ...lacking, ...ofOtherKinds(whole)]
    .filter((value) => {
      const key = JSON.stringify(value);
      return !seen.has(key) && seen.add(key).size > 0;
    })
    .slice(0, mostVariants);
}

function build({ members, element, isText }: Shape, fills: boolean, depth: number): Json {
  if (element !== undefined) return fills && depth > 0 ? [build(element, fills, depth - 1)] : [];
  if (isText) return 'x';
  if (members.size === 0 || depth === 0) return 1;
  return Object.fromEntries([...members].map(([key, member]) => [key, build(member, fills, depth - 1)]));
}

function without(value: Json): readonly Json[] {
  if (Array.isArray(value)) return value.length === 0 ? [] : without(value[0] as Json).map((one) => [one]);
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries(value as { readonly [key: string]: Json });
  return entries.flatMap(([key, inner]) => [
    Object.fromEntries(entries.filter(([other]) => other !== key)),
    ...without(inner).map((one) => ({ ...Object.fromEntries(entries), [key]: one })),
  ]);
}

/** One leaf or list at a time as it comes where nobody checks: numbers as text, text that is long, one thing instead of a list. */
function ofOtherKinds(value: Json): readonly Json[] {
  if (typeof value === 'number') return [String(value)];
  if (typeof value === 'string') return [longText, 1];
  if (Array.isArray(value)) return value.length === 0 ? [] : [value[0] as Json, ...ofOtherKinds(value[0] as Json).map((one) => [one])];
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries(value as { readonly [key: string]: Json });
  return entries.flatMap(([key, inner]) => ofOtherKinds(inner).map((one) => ({ ...Object.fromEntries(entries), [key]: one })));
}
