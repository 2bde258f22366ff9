// Guard templates for Go: what the runtime panics with, and the smallest check before it.
// Must never invent a type: where the file doesn't tell a map's, there is no template.
import type { SyntaxNode } from '../../../../base/syntax-tree.ts';
import { leaveFunction } from './go-returns.ts';
import { enclosing, indentOf, nodesOnLine, type GuardEdit, type GuardSite, type Splice } from './guard-edit.ts';

/** Statements that a check can stand before; a line of its own inside a block. */
const statementTypes = [
  'assignment_statement',
  'short_var_declaration',
  'inc_statement',
  'dec_statement',
  'expression_statement',
  'return_statement',
  'if_statement',
  'for_statement',
  'var_declaration',
  'go_statement',
  'defer_statement',
];
const functionTypes = ['function_declaration', 'method_declaration', 'func_literal'];

/** All edits whose template fits the message, the likeliest first. */
export function guardGo(site: GuardSite): readonly GuardEdit[] {
  const { message } = site;
  if (/assignment to entry in nil map/.test(message)) return makeMap(site);
  if (/nil pointer dereference|invalid memory address/.test(message)) return guardNil(site);
  if (/index out of range/.test(message)) return guardIndex(site);
  if (/integer divide by zero/.test(message)) return guardDivision(site);
  return [];
}

function makeMap(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['index_expression']).flatMap((node) => {
    const operand = node.childForFieldName('operand');
    const statement = statementOf(node);
    if (operand === null || statement === undefined || !isWritten(node, statement)) return [];
    const type = typeOf(operand, site.root);
    if (type === undefined || underlying(type, site.root)?.type !== 'map_type') return [];
    return [
      {
        pattern: 'nil-map',
        title: `Make ${shorten(operand.text)} before it is written to`,
        rootCause: `\`${shorten(operand.text)}\` can be nil on line ${site.line}, which writes to it.`,
        splices: [checkBefore(site, statement, `${operand.text} == nil`, `${operand.text} = make(${type.text})`)],
      },
    ];
  });
}

/** True for `x[k] = v`, `x[k] += v` and `x[k]++`. */
function isWritten(node: SyntaxNode, statement: SyntaxNode): boolean {
  const target =
    statement.type === 'assignment_statement'
      ? statement.childForFieldName('left')
      : statement.type === 'inc_statement' || statement.type === 'dec_statement'
        ? statement
        : null;
  return target?.namedChildren.some((child) => child.id === node.id) === true;
}

function guardNil(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['selector_expression', 'unary_expression'])
    .flatMap((node) => {
      const isSelector = node.type === 'selector_expression';
      if (!isSelector && !node.text.startsWith('*')) return [];
      const operand = node.childForFieldName('operand');
      // A call has effects: it isn't made twice. A package or a type is never nil.
      if (operand === null || !isPlain(operand) || isPackage(operand, site.root)) return [];
      return leaveBefore(site, node, `${operand.text} == nil`, {
        pattern: 'nil-dereference',
        title: `Tolerate a nil ${shorten(operand.text)}`,
        rootCause: `\`${shorten(operand.text)}\` can be nil on line ${site.line}, which uses it without a check.`,
      });
    })
    .slice(0, 3);
}

function guardIndex(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['index_expression']).flatMap((node) => {
    const operand = node.childForFieldName('operand');
    const index = node.childForFieldName('index');
    if (operand === null || index === null || !isPlain(operand) || containsCall(index)) return [];
    const isSigned = !/^\d+$/.test(index.text);
    const fails = isSigned ? `${index.text} < 0 || ${index.text} >= len(${operand.text})` : `len(${operand.text}) <= ${index.text}`;
    return leaveBefore(site, node, fails, {
      pattern: 'index-out-of-range',
      title: `Tolerate a ${shorten(operand.text)} that is too short`,
      rootCause: `\`${shorten(operand.text)}\` can be shorter than line ${site.line} takes for granted.`,
    });
  });
}

function guardDivision(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['binary_expression']).flatMap((node) => {
    const right = node.childForFieldName('right');
    if (right === null || !['/', '%'].includes(node.childForFieldName('operator')?.text ?? '') || containsCall(right)) return [];
    return leaveBefore(site, node, `${right.text} == 0`, {
      pattern: 'division-by-zero',
      title: `Don't divide by a zero ${shorten(right.text)}`,
      rootCause: `\`${shorten(right.text)}\` can be zero on line ${site.line}.`,
    });
  });
}

/** A check before the statement that skips the round of a loop, or leaves the function with its zero values. */
function leaveBefore(site: GuardSite, node: SyntaxNode, condition: string, about: Omit<GuardEdit, 'splices'>): readonly GuardEdit[] {
  const statement = statementOf(node);
  const around =
    statement?.parent === null || statement === undefined ? undefined : enclosing(statement.parent, ['for_statement', ...functionTypes]);
  if (statement === undefined || around === undefined) return [];
  const leave =
    around.type === 'for_statement'
      ? { words: 'continue', imports: [] }
      : leaveFunction(around, site.root, about.rootCause.replaceAll('`', '').replace(/ on line .*$/, ''));
  return leave === undefined ? [] : [{ ...about, splices: [checkBefore(site, statement, condition, leave.words), ...leave.imports] }];
}

function checkBefore(site: GuardSite, statement: SyntaxNode, condition: string, action: string): Splice {
  const indent = indentOf(site.text, statement);
  const newline = site.text.includes('\r\n') ? '\r\n' : '\n';
  const insert = [`if ${condition} {`, `${indent}\t${action}`, `${indent}}`, indent].join(newline);
  return { start: statement.startIndex, end: statement.startIndex, insert };
}

/** The statement of a block that a node stands in; undefined in a place where none can go before, such as a loop's header. */
function statementOf(node: SyntaxNode): SyntaxNode | undefined {
  for (let current: SyntaxNode | null = node; current !== null; current = current.parent) {
    if (functionTypes.includes(current.type)) return undefined;
    const isInBlock = ['block', 'statement_list', 'expression_case', 'default_case'].includes(current.parent?.type ?? '');
    if (isInBlock && statementTypes.includes(current.type)) return current;
  }
  return undefined;
}

/** The type of a variable, a field, or an element of one, where this file declares it and only one thing bears the name. */
function typeOf(node: SyntaxNode, root: SyntaxNode): SyntaxNode | undefined {
  if (node.type === 'index_expression') {
    const operand = node.childForFieldName('operand');
    const outer = operand === null ? undefined : typeOf(operand, root);
    const held = outer === undefined ? undefined : underlying(outer, root);
    return held?.childForFieldName('value') ?? held?.childForFieldName('element') ?? undefined;
  }
  const name =
    node.type === 'selector_expression' ? node.childForFieldName('field')?.text : node.type === 'identifier' ? node.text : undefined;
  if (name === undefined) return undefined;
  const declarations = node.type === 'selector_expression' ? ['field_declaration'] : ['var_spec', 'parameter_declaration'];
  const types = root
    .descendantsOfType(declarations)
    .filter((declaration) => declaration?.childrenForFieldName('name').some((one) => one?.text === name))
    .flatMap((declaration) => declaration?.childForFieldName('type') ?? []);
  return new Set(types.map(({ text }) => text)).size === 1 ? types[0] : undefined;
}

/** What a named type of this file stands for. */
function underlying(type: SyntaxNode, root: SyntaxNode): SyntaxNode | undefined {
  if (type.type !== 'type_identifier') return type;
  const spec = root.descendantsOfType('type_spec').find((one) => one?.childForFieldName('name')?.text === type.text);
  return spec?.childForFieldName('type') ?? undefined;
}

function isPlain(node: SyntaxNode): boolean {
  return ['identifier', 'selector_expression', 'index_expression'].includes(node.type) && !containsCall(node);
}

function containsCall(node: SyntaxNode): boolean {
  return node.type === 'call_expression' || node.descendantsOfType('call_expression').length > 0;
}

function isPackage(node: SyntaxNode, root: SyntaxNode): boolean {
  if (node.type !== 'identifier') return false;
  return root.descendantsOfType('import_spec').some((one) => {
    const path = one?.childForFieldName('path')?.text.replaceAll('"', '') ?? '';
    return (one?.childForFieldName('name')?.text ?? path.split('/').at(-1)) === node.text;
  });
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= 40 ? line : `${line.slice(0, 37)}…`;
}
