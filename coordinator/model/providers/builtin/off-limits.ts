// Where no guard may go: an error that the code raises on purpose, and code that decides whether somebody may do something.
// Must never let through what could turn a refusal into a permission: a missing value then counts as an answer.
import type { SyntaxNode } from '../../../../base/syntax-tree.ts';
import { enclosing, nodesOnLine, type GuardEdit, type GuardSite } from './guard-edit.ts';

const raising = ['throw_statement', 'raise_statement', 'assert_statement'];
/** Calls that demand something of their argument, in the four languages' usual libraries. */
const demands =
  /(?:^|[^\w.])(?:assert|invariant|panic|check(?:Argument|NotNull|State)|requireNonNull)\s*\(|\b(?:assert|Assert|Objects|Preconditions|Validate)\.\w+\(|\bself\.assert\w*\(/;

/** True if the failing line says that it fails: somebody wanted to hear of it. */
export function isDeliberate({ root, line, text, type }: GuardSite): boolean {
  const words = text.split('\n')[line - 1] ?? '';
  if (demands.test(words)) return true;
  const last = type.split('.').at(-1) ?? '';
  return nodesOnLine(root, line, raising).some((node) => {
    // What is raised may itself fail while it is put together: then it is another error.
    const made = /\b(?:raise|throw)\s+(?:new\s+)?([\w.]+)/.exec(node.text)?.[1]?.split('.').at(-1);
    const isOnLine = node.startPosition.row <= line - 1 && node.endPosition.row >= line - 1;
    return isOnLine && (made === undefined || last === '' || made === last || !/^[A-Z]/.test(made));
  });
}

const functionTypes = [
  'function_declaration',
  'function_expression',
  'arrow_function',
  'method_definition',
  'function_definition',
  'method_declaration',
];
const verbs = 'is|has|can|may|must|should|needs|allows?|permits?|denies|deny|verify|authori[sz]e|authenticate|validate';
const decides = new RegExp(
  `^_*(?:${verbs})(?:[A-Z_]|$)|^(?:${verbs.replaceAll(/(^|\|)([a-z])/g, (_, bar: string, letter: string) => bar + letter.toUpperCase())})(?:[A-Z_]|$)`,
);

/** What only tolerates a missing value; corrections of names, imports and bounds change no decision. */
const tolerant = new Set([
  'null-dereference',
  'none-dereference',
  'nil-dereference',
  'missing-default',
  'missing-key',
  'index-out-of-range',
  'empty-optional',
  'undefined-function',
  'type-assertion',
  'nothing-found',
]);

/** True if the edit stands where its made-up value would decide something. */
export function isDecision(root: SyntaxNode, { pattern, splices }: GuardEdit): boolean {
  if (!tolerant.has(pattern)) return false;
  return splices.some(({ start, end }) => {
    const node = root.descendantForIndex(start, Math.max(start, end - 1));
    return node !== null && (isTurned(node) || isInDecider(node));
  });
}

function isInDecider(node: SyntaxNode): boolean {
  const around = enclosing(node, functionTypes);
  const bound = around?.parent?.type === 'variable_declarator' ? around.parent.childForFieldName('name') : null;
  return decides.test((around?.childForFieldName('name') ?? bound)?.text ?? '');
}

/** True under a negation, in an inequality, or where it is compared with what may be missing as well. */
function isTurned(node: SyntaxNode): boolean {
  for (let current: SyntaxNode | null = node; current !== null; current = current.parent) {
    if (/statement$|^block$|_declaration$|^function/.test(current.type) && current.id !== node.id) return false;
    if (current.type === 'not_operator' || (current.type === 'unary_expression' && current.text.startsWith('!'))) return true;
    if (current.type !== 'binary_expression' && current.type !== 'comparison_operator') continue;
    const operator = current.children.find((child) => /^(?:[!=]==?|not in|is not)$/.test(child.type))?.type;
    if (operator === undefined) continue;
    if (operator.startsWith('!') || operator.startsWith('not') || operator === 'is not') return true;
    const isLiteral = current.namedChildren.some((child) => /string|number|integer|float|true|false|literal/.test(child.type));
    if (!isLiteral) return true;
  }
  return false;
}
