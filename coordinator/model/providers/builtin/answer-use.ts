// What a caller on the stack does with the answer of a function that failed: reckons with it, or reads something of it.
// Must never judge a call that isn't on the caller's own line.
import type { SyntaxNode, SyntaxTrees } from '../../../../base/syntax-tree.ts';
import type { PatternPlace, PatternProblem } from '../../pattern-engine.ts';
import { nodesOnLine } from './guard-edit.ts';

const calls = ['call', 'call_expression', 'method_invocation'];
const wrappers = new Set(['parenthesized_expression', 'await', 'await_expression', 'non_null_expression', 'as_expression']);
const reads = new Set(['attribute', 'member_expression', 'subscript', 'subscript_expression', 'selector_expression', 'field_access']);
const binaries = new Set(['binary_operator', 'binary_expression', 'augmented_assignment', 'augmented_assignment_expression']);
const numeric = /^(?:\+|-|\*|\/|\/\/|%|\*\*|<|>|<=|>=)=?$/;
const numberFunctions = /^(?:round|int|float|abs|sum|math\.\w+|Math\.\w+|Decimal)$/;

/** Whether some caller of the function at a place can't do with nothing in place of its answer. @param index of the place */
export async function needsAnswer(problem: PatternProblem, index: number, trees: SyntaxTrees): Promise<boolean> {
  const name = problem.places[index]?.function?.split(/[.:]/).at(-1);
  if (name === undefined || name === '') return false;
  for (const caller of problem.places.slice(index + 1)) {
    if (await usesAnswer(problem, caller, name, trees)) return true;
  }
  return false;
}

async function usesAnswer(problem: PatternProblem, { path, line }: PatternPlace, name: string, trees: SyntaxTrees): Promise<boolean> {
  const text = problem.files.get(path);
  if (text === undefined) return false;
  const found = await trees.withTree(path, text, (root) =>
    nodesOnLine(root, line, calls).some((call) => calleeOf(call) === name && isUsed(call)),
  );
  return found === true;
}

function calleeOf(call: SyntaxNode): string | undefined {
  const callee = call.childForFieldName('function') ?? call.childForFieldName('name');
  return callee?.text.split('.').at(-1);
}

function isUsed(call: SyntaxNode): boolean {
  let node = call;
  while (node.parent !== null && wrappers.has(node.parent.type)) node = node.parent;
  const { parent } = node;
  if (parent === null) return false;
  if (binaries.has(parent.type)) return numeric.test(parent.childForFieldName('operator')?.text ?? '');
  if (reads.has(parent.type)) return parent.namedChild(0)?.id === node.id && !parent.children.some(({ type }) => type === 'optional_chain');
  const isArgument = parent.type === 'arguments' || parent.type === 'argument_list';
  return isArgument && numberFunctions.test(parent.parent?.childForFieldName('function')?.text ?? '');
}
