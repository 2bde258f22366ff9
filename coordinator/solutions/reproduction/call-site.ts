// The functions of an incident's stack that a test can call: top-level ones and methods, with their parameters.
// Must never name one that only lives inside another function.
import { grammarOf, type SyntaxNode, type SyntaxTrees } from '../../../base/syntax-tree.ts';
import { emptyShape, learnShapes, valuesOf, type Shape } from './value-shape.ts';
import type { Json } from './logged-values.ts';

export interface CallSite {
  readonly path: string;
  readonly name: string;
  /** Set for a method. */
  readonly className: string | undefined;
  /** Those without a default. */
  readonly parameters: readonly { readonly name: string; readonly values: readonly Json[] }[];
}

const functions = new Set([
  'function_declaration',
  'generator_function_declaration',
  'method_definition',
  'arrow_function',
  'function_expression',
  'function_definition',
]);
const classes = new Set(['class_declaration', 'class', 'class_definition']);

/** @param line 1-based, inside the function */
export async function findCallSite(trees: SyntaxTrees, path: string, text: string, line: number): Promise<CallSite | undefined> {
  const found = await trees.withTree(path, text, (root) => {
    const node = outermostFunction(root, line - 1);
    return node === undefined ? undefined : describe(path, node);
  });
  return found;
}

function outermostFunction(root: SyntaxNode, row: number): SyntaxNode | undefined {
  if (root.startPosition.row > row || root.endPosition.row < row) return undefined;
  if (functions.has(root.type)) return root;
  for (const child of root.namedChildren) {
    const found = outermostFunction(child, row);
    if (found !== undefined) return found;
  }
  return undefined;
}

function describe(path: string, node: SyntaxNode): CallSite | undefined {
  const isPython = grammarOf(path) === 'python';
  const name = nameOf(node);
  if (name === undefined || !/^[A-Za-z_$][\w$]*$/.test(name) || name === 'constructor') return undefined;
  const owner = ownerOf(node);
  if (owner === 'hidden') return undefined;
  const shapes = new Map<string, Shape>();
  for (const parameter of node.childForFieldName('parameters')?.namedChildren ?? []) {
    const read = readParameter(parameter);
    // What has a default is left to it, and what follows as well.
    if (read === undefined) break;
    if (isPython && owner !== undefined && shapes.size === 0 && (read.name === 'self' || read.name === 'cls')) continue;
    shapes.set(read.name, read.shape);
  }
  const single = node.childForFieldName('parameter');
  if (single !== null) shapes.set(single.text, emptyShape());
  const body = node.childForFieldName('body');
  if (body !== null) learnShapes(body, shapes);
  return {
    path,
    name,
    className: owner,
    parameters: [...shapes].map(([parameter, shape]) => ({ name: parameter, values: valuesOf(shape) })),
  };
}

function nameOf(node: SyntaxNode): string | undefined {
  const own = node.childForFieldName('name')?.text;
  if (own !== undefined) return own;
  const { parent } = node;
  if (parent?.type === 'variable_declarator') return parent.childForFieldName('name')?.text;
  // module.exports.total = function …, exports.total = …
  if (parent?.type !== 'assignment_expression') return undefined;
  const left = parent.childForFieldName('left');
  return left?.type === 'member_expression' && /^(?:module\.)?exports\./.test(left.text)
    ? left.childForFieldName('property')?.text
    : undefined;
}

/** The class of a method, undefined for a top-level function; `hidden` where a test can't reach it. */
function ownerOf(node: SyntaxNode): string | undefined {
  for (let current = node.parent; current !== null; current = current.parent) {
    if (functions.has(current.type) || current.type === 'object' || current.type === 'arguments') return 'hidden';
    if (classes.has(current.type)) return current.childForFieldName('name')?.text ?? 'hidden';
  }
  return undefined;
}

function readParameter(node: SyntaxNode): { readonly name: string; readonly shape: Shape } | undefined {
  if (node.type === 'identifier') return { name: node.text, shape: emptyShape() };
  if (node.type === 'required_parameter') {
    const pattern = node.childForFieldName('pattern');
    return pattern === null || node.childForFieldName('value') !== null ? undefined : readParameter(pattern);
  }
  if (node.type === 'typed_parameter') {
    const inner = node.namedChildren[0];
    return inner?.type === 'identifier' ? { name: inner.text, shape: emptyShape() } : undefined;
  }
  if (node.type !== 'object_pattern') return undefined;
  const shape = emptyShape();
  for (const child of node.namedChildren) {
    const key = child.childForFieldName('key') ?? child.childForFieldName('left') ?? child;
    shape.members.set(key.text, emptyShape());
  }
  return { name: `pattern${String(node.startIndex)}`, shape };
}
