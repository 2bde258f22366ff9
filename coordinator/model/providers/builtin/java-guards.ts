// Guard templates for Java: what the JVM's exceptions say (with JEP 358's helpful messages), and the smallest check before it.
// Must never add an import: what a guard needs is named in full.
import type { SyntaxNode } from '../../../../base/syntax-tree.ts';
import { enclosing, indentOf, nodesOnLine, replaceNode, type GuardEdit, type GuardSite } from './guard-edit.ts';

const textMethods = new Set([
  'trim',
  'strip',
  'split',
  'toLowerCase',
  'toUpperCase',
  'startsWith',
  'endsWith',
  'replace',
  'length',
  'isEmpty',
  'isBlank',
]);
const unboxing = /^(?:int|long|double|float|short|byte)Value$/;
const statementTypes = [
  'expression_statement',
  'local_variable_declaration',
  'return_statement',
  'if_statement',
  'enhanced_for_statement',
  'for_statement',
];
const functionTypes = ['method_declaration', 'constructor_declaration', 'lambda_expression'];
const loopTypes = ['enhanced_for_statement', 'for_statement', 'while_statement', 'do_statement'];

/** All edits whose template fits the exception, the likeliest first. */
export function guardJava(site: GuardSite): readonly GuardEdit[] {
  const type = site.type.split('.').at(-1) ?? '';
  if (type === 'NullPointerException') return guardNull(site);
  if (type === 'NoSuchElementException' && /No value present/.test(site.message)) return guardOptional(site);
  if (type === 'ArithmeticException' && /by zero/.test(site.message)) return guardDivision(site);
  if (/IndexOutOfBounds/.test(type)) return guardIndex(site);
  if (type === 'NumberFormatException') return guardNumber(site);
  return [];
}

function guardNull(site: GuardSite): readonly GuardEdit[] {
  const method = /Cannot invoke "(?:[\w.$]+\.)?([\w$]+)\([^"]{0,200}\)"/.exec(site.message)?.[1];
  const field = /Cannot (?:read|assign) field "([\w$]+)"/.exec(site.message)?.[1];
  const about = (node: SyntaxNode): Omit<GuardEdit, 'splices'> => ({
    pattern: 'null-dereference',
    title: `Tolerate a null ${shorten(node.text)}`,
    rootCause: `\`${shorten(node.text)}\` can be null on line ${site.line}, which uses it without a check.`,
  });
  if (method !== undefined && unboxing.test(method)) {
    // A map without the key answers null, and unboxing that fails.
    return invocations(site, 'get')
      .filter((node) => node.childForFieldName('arguments')?.namedChildCount === 1)
      .flatMap((node) => {
        const name = node.childForFieldName('name');
        const argument = node.childForFieldName('arguments')?.namedChild(0) ?? null;
        if (name === null || argument === null) return [];
        const zero = method === 'longValue' ? '0L' : method === 'doubleValue' ? '0.0' : method === 'floatValue' ? '0f' : '0';
        return [
          {
            ...about(node),
            splices: [replaceNode(name, 'getOrDefault'), { start: argument.endIndex, end: argument.endIndex, insert: `, ${zero}` }],
          },
        ];
      });
  }
  if (method === 'iterator') {
    return nodesOnLine(site.root, site.line, ['enhanced_for_statement']).flatMap((node) => {
      const value = node.childForFieldName('value');
      const of = node.childForFieldName('type')?.text;
      if (value === null || of === undefined || of === 'var') return [];
      return [{ ...about(value), splices: [replaceNode(value, `${value.text} == null ? java.util.List.<${of}>of() : ${value.text}`)] }];
    });
  }
  const uses = method === undefined ? [] : invocations(site, method);
  const reads =
    method !== undefined && field === undefined
      ? uses
      : nodesOnLine(site.root, site.line, ['field_access', 'method_invocation']).filter(
          (node) => field === undefined || node.childForFieldName('field')?.text === field,
        );
  return reads.flatMap((node) => {
    const object = node.childForFieldName('object');
    if (object === null || object.type === 'this' || object.type === 'super') return [];
    const edits: GuardEdit[] = [];
    const argument = node.childForFieldName('arguments')?.namedChild(0) ?? null;
    if (method === 'equals' && argument !== null)
      edits.push({ ...about(object), splices: [replaceNode(node, `java.util.Objects.equals(${object.text}, ${argument.text})`)] });
    if (method !== undefined && textMethods.has(method) && site.message.includes('String.') && !containsCall(object))
      edits.push({ ...about(object), splices: [replaceNode(object, `(${object.text} == null ? "" : ${object.text})`)] });
    if (!containsCall(object)) edits.push(...leaveBefore(site, node, `${object.text} == null`, about(object)));
    return edits;
  });
}

function guardOptional(site: GuardSite): readonly GuardEdit[] {
  return [...invocations(site, 'get'), ...invocations(site, 'orElseThrow')].flatMap((node) => {
    const object = node.childForFieldName('object');
    if (object === null || node.childForFieldName('arguments')?.namedChildCount !== 0) return [];
    const about = {
      pattern: 'empty-optional',
      title: `Tolerate an empty ${shorten(object.text)}`,
      rootCause: `\`${shorten(object.text)}\` can be empty on line ${site.line}, which takes its value for granted.`,
    };
    return containsCall(object)
      ? [{ ...about, splices: [replaceNode(node, `${object.text}.orElse(null)`)] }]
      : leaveBefore(site, node, `${object.text}.isEmpty()`, about);
  });
}

function guardDivision(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['binary_expression']).flatMap((node) => {
    const right = node.childForFieldName('right');
    if (right === null || !['/', '%'].includes(node.childForFieldName('operator')?.text ?? '') || hasEffect(right)) return [];
    return [
      {
        pattern: 'division-by-zero',
        title: `Don't divide by a zero ${shorten(right.text)}`,
        rootCause: `\`${shorten(right.text)}\` can be zero on line ${site.line}.`,
        splices: [replaceNode(node, `(${right.text} == 0 ? 0 : ${node.text})`)],
      },
    ];
  });
}

function guardIndex(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['array_access', 'method_invocation']).flatMap((node) => {
    const isArray = node.type === 'array_access';
    const holder = node.childForFieldName(isArray ? 'array' : 'object');
    const index = isArray ? node.childForFieldName('index') : (node.childForFieldName('arguments')?.namedChild(0) ?? null);
    const name = node.childForFieldName('name')?.text ?? '';
    if (holder === null || index === null || hasEffect(index) || containsCall(holder)) return [];
    if (!isArray && !['get', 'charAt', 'remove'].includes(name)) return [];
    const length = isArray ? `${holder.text}.length` : `${holder.text}.${name === 'charAt' ? 'length' : 'size'}()`;
    const fails = /^\d+$/.test(index.text) ? `${length} <= ${index.text}` : `${index.text} < 0 || ${index.text} >= ${length}`;
    return leaveBefore(site, node, fails, {
      pattern: 'index-out-of-range',
      title: `Tolerate a ${shorten(holder.text)} that is too short`,
      rootCause: `\`${shorten(holder.text)}\` can be shorter than line ${site.line} takes for granted.`,
    });
  });
}

/** Blanks around a number, separators inside it, or nothing at all, as the message shows. */
function guardNumber(site: GuardSite): readonly GuardEdit[] {
  const input = /For input string: "([^"\n]{0,200})"/.exec(site.message)?.[1];
  return nodesOnLine(site.root, site.line, ['method_invocation']).flatMap((node) => {
    const argument = node.childForFieldName('arguments')?.namedChild(0) ?? null;
    const name = node.childForFieldName('name')?.text ?? '';
    if (argument === null || !/^(?:parse(?:Int|Long|Double|Float|Short)|valueOf)$/.test(name)) return [];
    const about = {
      pattern: 'wrong-type',
      title: `Tolerate a ${shorten(argument.text)} that is no plain number`,
      rootCause: `\`${shorten(argument.text)}\` isn't always a plain number on line ${site.line}${input === undefined ? '' : `: it was "${input}"`}.`,
    };
    const plain = /^[\w.]+$/.test(argument.text) || argument.text.endsWith(')') ? argument.text : `(${argument.text})`;
    if (input === undefined || input === '') {
      if (hasEffect(argument)) return [];
      const isEmpty = `${plain} == null || ${plain}.isBlank()`;
      return [{ ...about, splices: [replaceNode(node, `(${isEmpty} ? 0 : ${node.text})`)] }];
    }
    if (input.trim() !== input) return [{ ...about, splices: [replaceNode(argument, `${plain}.trim()`)] }];
    if (/^-?\d{1,3}(?:,\d{3})+$/.test(input)) return [{ ...about, splices: [replaceNode(argument, `${plain}.replace(",", "")`)] }];
    return [];
  });
}

/** A check before the statement that skips the round of a loop, or leaves the method with its zero value. */
function leaveBefore(site: GuardSite, node: SyntaxNode, condition: string, about: Omit<GuardEdit, 'splices'>): readonly GuardEdit[] {
  const statement = statementOf(node);
  if (statement?.parent === undefined || statement.parent === null) return [];
  const around = enclosing(statement.parent, [...loopTypes, ...functionTypes]);
  const leave = around === undefined ? undefined : loopTypes.includes(around.type) ? 'continue;' : returnZero(around);
  if (leave === undefined) return [];
  const insert = `if (${condition}) ${leave}${site.text.includes('\r\n') ? '\r\n' : '\n'}${indentOf(site.text, statement)}`;
  return [{ ...about, splices: [{ start: statement.startIndex, end: statement.startIndex, insert }] }];
}

function returnZero(node: SyntaxNode): string | undefined {
  if (node.type === 'constructor_declaration') return 'return;';
  const type = node.childForFieldName('type')?.text;
  if (type === undefined) return undefined;
  if (type === 'void') return 'return;';
  // A question is not for a pattern to answer.
  if (type === 'boolean') return undefined;
  if (['int', 'long', 'short', 'byte', 'float', 'double', 'char'].includes(type)) return 'return 0;';
  if (type.startsWith('Optional<')) return 'return Optional.empty();';
  return 'return null;';
}

function invocations(site: GuardSite, name: string): readonly SyntaxNode[] {
  return nodesOnLine(site.root, site.line, ['method_invocation']).filter((node) => node.childForFieldName('name')?.text === name);
}

function statementOf(node: SyntaxNode): SyntaxNode | undefined {
  for (let current: SyntaxNode | null = node; current !== null; current = current.parent) {
    if (functionTypes.includes(current.type)) return undefined;
    if (
      ['block', 'constructor_body', 'switch_block_statement_group'].includes(current.parent?.type ?? '') &&
      statementTypes.includes(current.type)
    )
      return current;
  }
  return undefined;
}

function containsCall(node: SyntaxNode): boolean {
  return node.type === 'method_invocation' || node.descendantsOfType(['method_invocation', 'object_creation_expression']).length > 0;
}

/** True for what must not be evaluated twice. */
function hasEffect(node: SyntaxNode): boolean {
  return (
    containsCall(node) ||
    node.type === 'update_expression' ||
    node.descendantsOfType(['update_expression', 'assignment_expression']).length > 0
  );
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= 40 ? line : `${line.slice(0, 37)}…`;
}
