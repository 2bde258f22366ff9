// What a guard template sees of a problem, and the splices that it answers with.
// Must never know a language; javascript-guards.ts and python-guards.ts do.
import type { SyntaxNode } from '../../../../base/syntax-tree.ts';

export interface GuardSite {
  /** Exception type; empty if there is none. */
  readonly type: string;
  readonly message: string;
  /** 1-based. */
  readonly line: number;
  readonly column: number | undefined;
  readonly text: string;
  readonly root: SyntaxNode;
}

/** Replaces the characters from `start` to `end` (UTF-16 offsets, as tree-sitter's JavaScript binding counts). */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly insert: string;
}

export interface GuardEdit {
  readonly pattern: string;
  /** Imperative, without the path. */
  readonly title: string;
  readonly rootCause: string;
  readonly splices: readonly Splice[];
  /** The function then answers with nothing where it failed before: no use where its caller needs something. */
  readonly answersNothing?: boolean | undefined;
}

/** Nodes of the given types that touch a 1-based line, smallest first. */
export function nodesOnLine(root: SyntaxNode, line: number, types: readonly string[]): readonly SyntaxNode[] {
  const row = line - 1;
  const found: SyntaxNode[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.startPosition.row > row || node.endPosition.row < row) return;
    if (types.includes(node.type)) found.push(node);
    for (const child of node.namedChildren) visit(child);
  };
  visit(root);
  return found.toSorted((a, b) => a.text.length - b.text.length);
}

/** The nearest ancestor (or the node itself) of one of the types. */
export function enclosing(node: SyntaxNode, types: readonly string[]): SyntaxNode | undefined {
  for (let current: SyntaxNode | null = node; current !== null; current = current.parent) {
    if (types.includes(current.type)) return current;
  }
  return undefined;
}

/** The white space before a node's line. */
export function indentOf(text: string, node: SyntaxNode): string {
  const lineStart = text.lastIndexOf('\n', node.startIndex - 1) + 1;
  return /^[ \t]*/.exec(text.slice(lineStart, node.startIndex))?.[0] ?? '';
}

/** A splice that puts `insert` in the place of a node. */
export function replaceNode(node: SyntaxNode, insert: string): Splice {
  return { start: node.startIndex, end: node.endIndex, insert };
}
