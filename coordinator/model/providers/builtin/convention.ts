// What a function answers with where it has nothing: the literal that it returns elsewhere.
// Must never make one up: a function without such an answer has none.
import type { SyntaxNode } from '../../../../base/syntax-tree.ts';

const nothings = new Set(['null', 'undefined', 'None', '{}', '[]', "''", '""', '0', 'false', 'False', 'dict()', 'list()']);

/** Undefined where it has no such answer, or several. @param around a function */
export function answerForNothing(around: SyntaxNode, failing: SyntaxNode): string | undefined {
  const answers = around
    .descendantsOfType('return_statement')
    .filter((one): one is SyntaxNode => one !== null && (one.endIndex <= failing.startIndex || one.startIndex >= failing.endIndex))
    .map((one) => one.namedChild(0)?.text ?? '')
    .filter((text) => nothings.has(text));
  return new Set(answers).size === 1 ? answers[0] : undefined;
}

/** One statement more indented in `open … close`, as a block statement of its own. */
export function indentMore(text: string, step: string): string {
  return text
    .split('\n')
    .map((line, index) => (index === 0 || line.trim() === '' ? line : step + line))
    .join('\n');
}
