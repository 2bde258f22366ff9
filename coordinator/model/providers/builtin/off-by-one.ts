// Loops that go one too far: `i <= list.length`, `range(len(list) + 1)`, where the element behind the last is what failed.
// Must never touch a loop whose counter isn't what the failing line looks up with.
import { enclosing, nodesOnLine, type GuardEdit, type GuardSite } from './guard-edit.ts';

const tooFar = /index out of (?:range|bounds)|out of bounds for|properties of undefined|IndexOutOfBounds|list index out of range/i;
const lookups = ['subscript_expression', 'subscript', 'index_expression', 'array_access', 'method_invocation', 'call_expression'];

/** The loop around the failing line with its bound brought back by one. */
export function correctBound(site: GuardSite): readonly GuardEdit[] {
  if (!tooFar.test(`${site.type} ${site.message}`)) return [];
  for (const node of nodesOnLine(site.root, site.line, lookups)) {
    const loop = enclosing(node, ['for_statement', 'while_statement']);
    if (loop === undefined) continue;
    const body = loop.childForFieldName('body');
    const header = loop.text.slice(0, (body?.startIndex ?? loop.endIndex) - loop.startIndex);
    const found =
      /\b(\w+)\s*(<=)\s*(?:[\w.$]+\.(?:length(?:\(\))?|size\(\)|Length|Count)|len\([\w.]+\))\s*(?=[;)\s{:])/.exec(header) ??
      /\bfor\s+(\w+)\s+in\s+range\((?:\d+,\s*)?len\([\w.]+\)(\s*\+\s*1)\)/.exec(header);
    const [whole, counter = '', bound = ''] = found ?? [];
    if (found === null || whole === undefined || !new RegExp(`\\b${counter}\\b`).test(node.text)) continue;
    const start = loop.startIndex + found.index + whole.lastIndexOf(bound);
    return [
      {
        pattern: 'off-by-one',
        title: 'End the loop at the last element',
        rootCause: `The loop around line ${site.line} goes on to the place behind the last element.`,
        splices: [{ start, end: start + bound.length, insert: bound === '<=' ? '<' : '' }],
      },
    ];
  }
  return [];
}
