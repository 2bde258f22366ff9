// Guard templates for JavaScript and TypeScript: what V8 says of a failure, and the smallest edit that tolerates it.
// Must never claim more than a guard is: it keeps the code going where a value is missing.
import type { SyntaxNode } from '../../../../base/syntax-tree.ts';
import { answerForNothing } from './convention.ts';
import { addNodeImport } from './javascript-imports.ts';
import { isOfKind } from './javascript-values.ts';
import { enclosing, indentOf, nodesOnLine, replaceNode, type GuardEdit, type GuardSite } from './guard-edit.ts';

const listMethods = new Set([
  'map',
  'filter',
  'forEach',
  'reduce',
  'some',
  'every',
  'find',
  'slice',
  'join',
  'flatMap',
  'includes',
  'concat',
]);
const textMethods = new Set(['trim', 'split', 'toLowerCase', 'toUpperCase', 'startsWith', 'endsWith', 'replace', 'replaceAll', 'padStart']);
const arithmetic = new Set(['+', '-', '*', '/', '%', '**']);

/** All edits whose template fits the message, the likeliest first. */
export function guardJavaScript(site: GuardSite): readonly GuardEdit[] {
  const { message } = site;
  const read = /Cannot read propert(?:y|ies) (?:'([^']+)' )?of (undefined|null)(?: \(reading '([^']+)'\))?/.exec(message);
  const set = /Cannot set propert(?:y|ies) (?:'([^']+)' )?of (undefined|null)(?: \(setting '([^']+)'\))?/.exec(message);
  const destructured = /Cannot destructure property .{1,80}? (?:of|as it is|as) /.exec(message);
  const notFunction = /(?:^|\s)([\w$.[\]()]+) is not a function/.exec(message);
  const notIterable = /(?:^|\s)([\w$.()[\]]+) is not iterable/.exec(message);
  const notDefined = /(?:^|\s)([\w$]+) is not defined/.exec(message);
  const property = read?.[1] ?? read?.[3] ?? set?.[1] ?? set?.[3];
  if (read !== null && property !== undefined) return guardRead(site, property, read[2] ?? 'undefined');
  if (set !== null && property !== undefined) return guardWrite(site, property);
  if (destructured !== null) return guardDestructuring(site);
  if (notFunction?.[1] !== undefined) return guardCall(site, notFunction[1]);
  if (notIterable !== null || /object is not iterable/.test(message)) return guardIteration(site);
  if (notDefined?.[1] !== undefined) return addNodeImport(site, notDefined[1]);
  if (/Cannot convert undefined or null to object/.test(message)) return guardObjectArgument(site);
  if (/Unexpected end of JSON input/.test(message)) return guardJson(site);
  if (/Division by zero/.test(message)) return guardDivision(site);
  return [];
}

/** The nodes that read `property` of something, those at the column that V8 names first. */
function readsOf(site: GuardSite, property: string, most = 2): readonly SyntaxNode[] {
  const named = nodesOnLine(site.root, site.line, ['member_expression', 'subscript_expression']).filter((node) => {
    if (node.children.some((child) => child.type === 'optional_chain')) return false;
    const key = node.childForFieldName('property') ?? node.childForFieldName('index');
    if (key === null) return false;
    // A computed key's text is a variable's name, and the message has its value: any computed read may be meant.
    return (
      key.text === property ||
      key.text.replace(/^['"`]|['"`]$/g, '') === property ||
      (node.type === 'subscript_expression' && key.type === 'identifier')
    );
  });
  const distance = (node: SyntaxNode): number => {
    const key = node.childForFieldName('property') ?? node.childForFieldName('index');
    if (site.column === undefined || key?.startPosition.row !== site.line - 1) return 1;
    return Math.min(Math.abs(key.startPosition.column + 1 - site.column), Math.abs(node.startPosition.column + 1 - site.column)) === 0
      ? 0
      : 1;
  };
  return named.toSorted((a, b) => distance(a) - distance(b)).slice(0, most);
}

function guardRead(site: GuardSite, property: string, missing: string): readonly GuardEdit[] {
  return readsOf(site, property).flatMap((node) => {
    const object = node.childForFieldName('object');
    if (object === null) return [];
    const about = {
      pattern: 'null-dereference',
      title: `Tolerate a missing ${shorten(object.text)}`,
      rootCause: `\`${shorten(object.text)}\` can be ${missing} on line ${site.line}, and \`${property}\` of it is read without a check.`,
    };
    const edits: GuardEdit[] = [];
    const isCalled = node.parent?.type === 'call_expression' && node.parent.childForFieldName('function')?.id === node.id;
    const chained = chainOf(node, object);
    const top = topOfChain(node);
    if (isCalled && listMethods.has(property)) edits.push({ ...about, splices: [replaceNode(object, `(${object.text} ?? [])`)] });
    else if (isCalled && textMethods.has(property)) edits.push({ ...about, splices: [replaceNode(object, `(${object.text} ?? '')`)] });
    else if (isArithmetic(top) || property === 'length') {
      edits.push({ ...about, splices: [{ start: top.startIndex, end: top.endIndex, insert: `(${spliceInto(top, node, chained)} ?? 0)` }] });
    }
    edits.push({ ...about, splices: [replaceNode(node, chained)], answersNothing: top.parent?.type === 'return_statement' });
    const parameter = parameterOf(node, object.text);
    if (parameter !== undefined && missing === 'undefined') {
      edits.push({
        ...about,
        pattern: 'missing-default',
        title: `Give ${object.text} a default`,
        splices: [replaceNode(parameter, `${parameter.text} = {}`)],
      });
    }
    const loop = enclosing(node, [
      'for_in_statement',
      'for_statement',
      'while_statement',
      'arrow_function',
      'function_declaration',
      'method_definition',
    ]);
    const statement = enclosing(node, ['expression_statement', 'lexical_declaration', 'return_statement', 'if_statement']);
    if (loop !== undefined && /^(?:for|while)/.test(loop.type) && statement?.parent?.type === 'statement_block') {
      const skip = `if (${object.text} == null) continue;\n${indentOf(site.text, statement)}`;
      edits.push({ ...about, splices: [{ start: statement.startIndex, end: statement.startIndex, insert: skip }] });
    }
    return edits;
  });
}

/** `a.b` as `a?.b`, `a[b]` as `a?.[b]`. */
function chainOf(node: SyntaxNode, object: SyntaxNode): string {
  const rest = node.text.slice(object.text.length);
  return `${object.text}?.${rest.replace(/^\s*\./, '')}`;
}

/** The whole chain of reads and calls that a node begins. */
function topOfChain(node: SyntaxNode): SyntaxNode {
  let top = node;
  for (let parent = node.parent; parent !== null; parent = parent.parent) {
    const isLink =
      (['member_expression', 'subscript_expression'].includes(parent.type) && parent.childForFieldName('object')?.id === top.id) ||
      (parent.type === 'call_expression' && parent.childForFieldName('function')?.id === top.id);
    if (!isLink) break;
    top = parent;
  }
  return top;
}

function spliceInto(top: SyntaxNode, node: SyntaxNode, text: string): string {
  return top.text.slice(0, node.startIndex - top.startIndex) + text + top.text.slice(node.endIndex - top.startIndex);
}

function isArithmetic(node: SyntaxNode): boolean {
  const parent = node.parent;
  if (parent === null) return false;
  if (parent.type === 'augmented_assignment_expression') return parent.childForFieldName('right')?.id === node.id;
  return parent.type === 'binary_expression' && arithmetic.has(parent.childForFieldName('operator')?.text ?? '');
}

function parameterOf(node: SyntaxNode, name: string): SyntaxNode | undefined {
  const holder = enclosing(node, ['function_declaration', 'function_expression', 'arrow_function', 'method_definition']);
  return holder?.childForFieldName('parameters')?.namedChildren.find((child) => child.type === 'identifier' && child.text === name);
}

function guardWrite(site: GuardSite, property: string): readonly GuardEdit[] {
  const types = ['assignment_expression', 'augmented_assignment_expression'];
  const targets = nodesOnLine(site.root, site.line, types).map((node) => node.childForFieldName('left')?.id);
  const written = readsOf(site, property, 8).filter(({ id }) => targets.includes(id));
  return written.flatMap((node) => {
    const object = node.childForFieldName('object');
    if (object === null || object.type === 'this') return [];
    return [
      {
        pattern: 'null-dereference',
        title: `Create ${shorten(object.text)} before it is written to`,
        rootCause: `\`${shorten(object.text)}\` doesn't exist yet on line ${site.line} when \`${property}\` is set on it.`,
        splices: [replaceNode(object, `(${object.text} ??= {})`)],
      },
    ];
  });
}

function guardDestructuring(site: GuardSite): readonly GuardEdit[] {
  const about = {
    pattern: 'missing-default',
    title: 'Give the destructured value a default',
    rootCause: `What is taken apart on line ${site.line} can be missing.`,
  };
  return nodesOnLine(site.root, site.line, ['object_pattern', 'array_pattern']).flatMap((pattern) => {
    const empty = pattern.type === 'object_pattern' ? '{}' : '[]';
    const parent = pattern.parent;
    if (parent?.type === 'variable_declarator') {
      const value = parent.childForFieldName('value');
      return value === null ? [] : [{ ...about, splices: [replaceNode(value, `${value.text} ?? ${empty}`)] }];
    }
    const isParameter = parent?.type === 'formal_parameters' || parent?.type === 'required_parameter';
    return isParameter
      ? [
          {
            ...about,
            splices: [
              replaceNode(
                parent.type === 'formal_parameters' ? pattern : parent,
                `${(parent.type === 'formal_parameters' ? pattern : parent).text} = ${empty}`,
              ),
            ],
          },
        ]
      : [];
  });
}

function guardCall(site: GuardSite, name: string): readonly GuardEdit[] {
  const calls = nodesOnLine(site.root, site.line, ['call_expression']).filter((node) => node.childForFieldName('function')?.text === name);
  return calls.slice(0, 2).flatMap((node) => {
    const callee = node.childForFieldName('function');
    // What every value of its kind has is not left out: the value is of another kind.
    if (callee === null || isOfKind(callee.childForFieldName('property')?.text ?? '')) return [];
    return [
      {
        pattern: 'undefined-function',
        title: `Call ${shorten(name)} only if it is there`,
        rootCause: `\`${shorten(name)}\` is called on line ${site.line}, but callers may leave it out.`,
        splices: [{ start: callee.endIndex, end: callee.endIndex, insert: '?.' }],
      },
    ];
  });
}

function guardIteration(site: GuardSite): readonly GuardEdit[] {
  const loops = nodesOnLine(site.root, site.line, ['for_in_statement']).map((node) => node.childForFieldName('right'));
  const spreads = nodesOnLine(site.root, site.line, ['spread_element']).map((node) => node.namedChild(0));
  const holders = [...loops, ...spreads].filter(
    (node): node is SyntaxNode => node !== null && node.type !== 'object' && node.type !== 'array',
  );
  // V8 names no member: where there are several, any of them may be missing.
  const all =
    holders.length > 1
      ? [{ ...aboutIteration(site, 'list'), splices: holders.map((node) => replaceNode(node, `(${node.text} ?? [])`)) }]
      : [];
  const each = holders.flatMap((node) => {
    return [
      {
        ...aboutIteration(site, node.text),
        splices: [replaceNode(node, `(${node.text} ?? [])`)],
      },
    ];
  });
  return holders.length > 1 ? all : each;
}

function aboutIteration(site: GuardSite, text: string): Omit<GuardEdit, 'splices'> {
  return {
    pattern: 'null-dereference',
    title: `Treat a missing ${shorten(text)} as empty`,
    rootCause: `\`${shorten(text)}\` can be missing on line ${site.line}, where it is iterated.`,
  };
}

function guardObjectArgument(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['call_expression']).flatMap((node) => {
    if (!/^Object\.(?:keys|values|entries)$/.test(node.childForFieldName('function')?.text ?? '')) return [];
    const argument = node.childForFieldName('arguments')?.namedChild(0);
    return argument === null || argument === undefined
      ? []
      : [
          {
            pattern: 'null-dereference',
            title: `Treat a missing ${shorten(argument.text)} as empty`,
            rootCause: `\`${shorten(argument.text)}\` can be missing on line ${site.line}.`,
            splices: [replaceNode(argument, `${argument.text} ?? {}`)],
          },
        ];
  });
}

function guardJson(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['call_expression']).flatMap((node) => {
    const around = enclosing(node, ['function_declaration', 'function_expression', 'arrow_function', 'method_definition']);
    // A function that has an answer for nothing gives that (javascript-values.ts).
    const hasAnswer = around !== undefined && answerForNothing(around, node) !== undefined;
    if (node.childForFieldName('function')?.text !== 'JSON.parse' || hasAnswer) return [];
    const argument = node.childForFieldName('arguments')?.namedChild(0);
    return argument === null || argument === undefined
      ? []
      : [
          {
            pattern: 'wrong-type',
            title: `Read an empty ${shorten(argument.text)} as null`,
            rootCause: `\`${shorten(argument.text)}\` can be empty on line ${site.line}, which is no JSON.`,
            splices: [replaceNode(argument, `${argument.text} || 'null'`)],
          },
        ];
  });
}

function guardDivision(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['binary_expression']).flatMap((node) => {
    const right = node.childForFieldName('right');
    if (right === null || !['/', '%'].includes(node.childForFieldName('operator')?.text ?? '')) return [];
    return [
      {
        pattern: 'division-by-zero',
        title: `Don't divide by a zero ${shorten(right.text)}`,
        rootCause: `\`${shorten(right.text)}\` can be zero on line ${site.line}.`,
        splices: [replaceNode(node, `(${right.text} ? ${node.text} : ${right.text})`)],
      },
    ];
  });
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= 40 ? line : `${line.slice(0, 37)}…`;
}
