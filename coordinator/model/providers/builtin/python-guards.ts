// Guard templates for Python: what the interpreter says of a failure, and the smallest edit that tolerates it.
// Must never claim more than a guard is: it keeps the code going where a value is missing.
import type { SyntaxNode } from '../../../../base/syntax-tree.ts';
import { addPythonImport } from './python-imports.ts';
import { defaultConstant } from './default-constants.ts';
import { tolerateMissingFile } from './python-files.ts';
import { enclosing, indentOf, nodesOnLine, replaceNode, type GuardEdit, type GuardSite, type Splice } from './guard-edit.ts';

const textMethods = new Set(['strip', 'split', 'lower', 'upper', 'startswith', 'endswith', 'replace', 'encode', 'lstrip', 'rstrip']);
const dictMethods = new Set(['get', 'items', 'keys', 'values']);

/** All edits whose template fits the message, the likeliest first. */
export function guardPython(site: GuardSite): readonly GuardEdit[] {
  const { type, message } = site;
  const noneAttribute = /'NoneType' object has no attribute '(\w+)'/.exec(message)?.[1];
  const missingArgument = /^(?:[\w.]+\.)?(\w+)\(\) missing \d+ required (?:positional|keyword-only) arguments?: '(\w+)'/.exec(message);
  const undefinedName = /name '(\w+)' is not defined/.exec(message)?.[1];
  if (type.endsWith('KeyError')) return guardKey(site, message.replace(/^['"]|['"]$/g, ''));
  if (noneAttribute !== undefined) return guardNoneAttribute(site, noneAttribute);
  if (/'NoneType' object is not subscriptable/.test(message)) return guardNone(site, 'subscript', 'value');
  if (/'NoneType' object is not iterable/.test(message)) return guardIteration(site);
  if (type.endsWith('ZeroDivisionError')) return guardDivision(site);
  if (type.endsWith('IndexError')) return guardIndex(site);
  if (missingArgument?.[1] !== undefined && missingArgument[2] !== undefined)
    return addDefault(site, missingArgument[1], missingArgument[2]);
  if (undefinedName !== undefined) return addPythonImport(site, undefinedName);
  if (/invalid literal for int\(\)|could not convert string to float|(?:int|float)\(\) argument must be/.test(message))
    return guardConversion(site);
  if (type.endsWith('FileNotFoundError')) return tolerateMissingFile(site);
  if (/can only concatenate str|must be str, not/.test(message)) return convertOperand(site, 'str');
  if (/unsupported operand type\(s\)/.test(message)) return guardOperands(site);
  return [];
}

function guardKey(site: GuardSite, key: string): readonly GuardEdit[] {
  const reads = nodesOnLine(site.root, site.line, ['subscript']).filter((node) => {
    const index = node.childForFieldName('subscript');
    // What the host should set is for the host to set.
    if (index === null || index.type === 'slice' || /\benviron$/.test(node.childForFieldName('value')?.text ?? '')) return false;
    return index.type === 'string' ? index.text.replace(/^\w*['"]|['"]$/g, '') === key : index.type !== 'integer' || index.text === key;
  });
  return reads.slice(0, 2).flatMap((node) => {
    const value = node.childForFieldName('value');
    const index = node.childForFieldName('subscript');
    const parent = node.parent;
    if (value === null || index === null) return [];
    const about = {
      pattern: 'missing-key',
      title: `Tolerate a missing ${shorten(index.text)}`,
      rootCause: `\`${shorten(value.text)}\` doesn't always have ${shorten(index.text)}, which line ${site.line} takes for granted.`,
    };
    const get = (fallback: string): string => `${value.text}.get(${index.text}${fallback === '' ? '' : `, ${fallback}`})`;
    if (parent?.type === 'augmented_assignment' && parent.childForFieldName('left')?.id === node.id) {
      const operator = (parent.childForFieldName('operator')?.text ?? '+=').slice(0, -1);
      const right = parent.childForFieldName('right')?.text ?? '';
      return [{ ...about, splices: [replaceNode(parent, `${node.text} = ${get('0')} ${operator} ${right}`)] }];
    }
    if (parent?.type === 'assignment' && parent.childForFieldName('left')?.id === node.id) return [];
    if (parent?.type === 'attribute') {
      const method = parent.childForFieldName('attribute')?.text ?? '';
      if (['append', 'extend', 'insert'].includes(method))
        return [{ ...about, splices: [replaceNode(node, `${value.text}.setdefault(${index.text}, [])`)] }];
      return [{ ...about, splices: [replaceNode(node, get(textMethods.has(method) ? "''" : '{}'))] }];
    }
    if (parent?.type === 'subscript' && parent.childForFieldName('value')?.id === node.id)
      return [{ ...about, splices: [replaceNode(node, get('{}'))] }];
    const known = defaultConstant(site.root, node);
    const usual = isArithmetic(node) || isNumberArgument(node) ? ['0', ''] : ['', '0', "''"];
    const fallbacks = known === undefined ? usual : [known, ...usual.filter((fallback) => fallback !== known)];
    const isAnswer = parent?.type === 'return_statement';
    return fallbacks.map((fallback) => ({
      ...about,
      splices: [replaceNode(node, get(fallback))],
      answersNothing: isAnswer && fallback === '',
    }));
  });
}

function guardNoneAttribute(site: GuardSite, attribute: string): readonly GuardEdit[] {
  const nodes = nodesOnLine(site.root, site.line, ['attribute']).filter((node) => node.childForFieldName('attribute')?.text === attribute);
  return nodes.slice(0, 2).flatMap((node) => {
    const object = node.childForFieldName('object');
    if (object === null) return [];
    const isCalled = node.parent?.type === 'call';
    const empty = textMethods.has(attribute) ? "''" : dictMethods.has(attribute) ? '{}' : attribute === 'append' ? undefined : undefined;
    if (isCalled && empty !== undefined) return [noneEdit(site, object, [replaceNode(object, `(${object.text} or ${empty})`)])];
    return guardAround(site, topOfChain(node), object);
  });
}

function guardNone(site: GuardSite, type: string, field: string): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, [type])
    .slice(0, 2)
    .flatMap((node) => {
      const object = node.childForFieldName(field);
      return object === null ? [] : guardAround(site, topOfChain(node), object);
    });
}

/** `x.y` as `(x.y if x is not None else …)`, and skipping the round where it stands in a loop. */
function guardAround(site: GuardSite, node: SyntaxNode, object: SyntaxNode): readonly GuardEdit[] {
  const parent = node.parent;
  const isTarget =
    (parent?.type === 'assignment' || parent?.type === 'augmented_assignment') && parent.childForFieldName('left')?.id === node.id;
  const edits: GuardEdit[] = [];
  const fallback = isArithmetic(node) || isNumberArgument(node) ? '0' : 'None';
  if (!isTarget) edits.push(noneEdit(site, object, [replaceNode(node, `(${node.text} if ${object.text} is not None else ${fallback})`)]));
  const loop = enclosing(node, ['for_statement', 'while_statement', 'function_definition']);
  const statement = enclosing(node, ['expression_statement', 'return_statement', 'if_statement']);
  if (statement !== undefined && loop !== undefined && loop.type !== 'function_definition') {
    const indent = indentOf(site.text, statement);
    const skip = `if ${object.text} is None:\n${indent}    continue\n${indent}`;
    edits.push(noneEdit(site, object, [{ start: statement.startIndex, end: statement.startIndex, insert: skip }]));
  }
  if (loop?.type === 'function_definition')
    edits.push(...leaveBefore(site, node, `${object.text} is None`).map((splice) => noneEdit(site, object, [splice])));
  return edits;
}

/** A check before the statement that leaves the function; nothing where the statement shares its line with another. */
function leaveBefore(site: GuardSite, node: SyntaxNode, condition: string, value = 'None'): readonly Splice[] {
  const statement = enclosing(node, ['expression_statement', 'return_statement', 'if_statement']);
  if (statement?.parent?.type !== 'block') return [];
  const indent = indentOf(site.text, statement);
  if (site.text.slice(site.text.lastIndexOf('\n', statement.startIndex - 1) + 1, statement.startIndex) !== indent) return [];
  const newline = site.text.includes('\r\n') ? '\r\n' : '\n';
  const step = indent.includes('\t') ? '\t' : '    ';
  return [
    {
      start: statement.startIndex,
      end: statement.startIndex,
      insert: `if ${condition}:${newline}${indent}${step}return ${value}${newline}${indent}`,
    },
  ];
}

function noneEdit(site: GuardSite, object: SyntaxNode, splices: GuardEdit['splices']): GuardEdit {
  return {
    pattern: 'none-dereference',
    title: `Tolerate a missing ${shorten(object.text)}`,
    rootCause: `\`${shorten(object.text)}\` can be None on line ${site.line}, which uses it without a check.`,
    splices,
  };
}

function topOfChain(node: SyntaxNode): SyntaxNode {
  let top = node;
  for (let parent = node.parent; parent !== null; parent = parent.parent) {
    const isLink =
      (parent.type === 'attribute' && parent.childForFieldName('object')?.id === top.id) ||
      (parent.type === 'subscript' && parent.childForFieldName('value')?.id === top.id) ||
      (parent.type === 'call' && parent.childForFieldName('function')?.id === top.id);
    if (!isLink) break;
    top = parent;
  }
  return top;
}

function isArithmetic(node: SyntaxNode): boolean {
  const parent = node.parent;
  if (parent?.type === 'augmented_assignment') return parent.childForFieldName('right')?.id === node.id;
  return parent?.type === 'binary_operator';
}

function isNumberArgument(node: SyntaxNode): boolean {
  const call = node.parent?.type === 'argument_list' ? node.parent.parent : null;
  return call?.type === 'call' && ['int', 'float', 'round', 'Decimal', 'abs'].includes(call.childForFieldName('function')?.text ?? '');
}

function guardIteration(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['for_statement', 'for_in_clause']).flatMap((node) => {
    const right = node.childForFieldName('right');
    return right === null ? [] : [noneEdit(site, right, [replaceNode(right, `${right.text} or []`)])];
  });
}

function guardDivision(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['binary_operator']).flatMap((node) => {
    const right = node.childForFieldName('right');
    if (right === null || !['/', '//', '%'].includes(node.childForFieldName('operator')?.text ?? '')) return [];
    return [
      {
        pattern: 'division-by-zero',
        title: `Don't divide by a zero ${shorten(right.text)}`,
        rootCause: `\`${shorten(right.text)}\` can be zero on line ${site.line}.`,
        splices: [replaceNode(node, `(${node.text} if ${right.text} else 0)`)],
      },
    ];
  });
}

function guardIndex(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['subscript'])
    .slice(0, 2)
    .flatMap((node) => {
      const value = node.childForFieldName('value');
      const index = node.childForFieldName('subscript');
      if (value === null || index === null || index.type === 'slice' || index.type === 'string') return [];
      const about = {
        pattern: 'index-out-of-range',
        title: `Tolerate a ${shorten(value.text)} that is too short`,
        rootCause: `\`${shorten(value.text)}\` can be shorter than line ${site.line} takes for granted.`,
      };
      const holds = index.text === '0' || index.text === '-1' ? value.text : `len(${value.text}) > ${index.text}`;
      const top = topOfChain(node);
      // What is called on the element says what stands in for the whole of it.
      const method = node.parent?.type === 'attribute' ? (node.parent.childForFieldName('attribute')?.text ?? '') : '';
      const number = isArithmetic(top) || isNumberArgument(top);
      const fallbacks = number ? ['0', 'None'] : textMethods.has(method) || method === 'title' ? ["''", 'None'] : ['None', '0', "''"];
      const isTarget = top.parent?.type === 'assignment' && top.parent.childForFieldName('left')?.id === top.id;
      if (isTarget) return [];
      return fallbacks.map((fallback) => ({ ...about, splices: [replaceNode(top, `(${top.text} if ${holds} else ${fallback})`)] }));
    });
}

function addDefault(site: GuardSite, name: string, parameter: string): readonly GuardEdit[] {
  const functions = site.root.descendantsOfType('function_definition').filter((node) => node?.childForFieldName('name')?.text === name);
  if (functions.length !== 1) return [];
  const found = functions[0]?.childForFieldName('parameters')?.namedChildren.find((node) => node.text === parameter);
  if (found === undefined) return [];
  return [
    {
      pattern: 'missing-default',
      title: `Give ${parameter} of ${name} a default`,
      rootCause: `\`${name}\` demands \`${parameter}\`, which a caller leaves out.`,
      splices: [{ start: found.endIndex, end: found.endIndex, insert: '=None' }],
    },
  ];
}

function guardConversion(site: GuardSite): readonly GuardEdit[] {
  const literal = /: (?:b?['"])(.*)['"]$/s.exec(site.message)?.[1];
  return nodesOnLine(site.root, site.line, ['call']).flatMap((node) => {
    const target = node.childForFieldName('function')?.text ?? '';
    const list = node.childForFieldName('arguments');
    const argument = list?.namedChildCount === 1 ? list.namedChild(0) : null;
    if (!['int', 'float'].includes(target) || argument === null) return [];
    const about = {
      pattern: 'wrong-type',
      title: `Tolerate a ${shorten(argument.text)} that is no number`,
      rootCause: `\`${shorten(argument.text)}\` isn't always a number on line ${site.line}: ${literal === undefined ? 'it can be missing' : JSON.stringify(literal)}.`,
    };
    const simple = /^[\w.]+(?:\[[^\]]*\])?(?:\.get\([^)]*\))?$/.test(argument.text) ? argument.text : `(${argument.text})`;
    const edit = (insert: string): GuardEdit => ({ ...about, splices: [replaceNode(argument, insert)] });
    if (literal === undefined || literal === '') return [edit(`${simple} or 0`)];
    if (literal.trim() === '') return [edit(`${simple}.strip() or 0`)];
    if (/^[\d,]+(?:\.\d+)?$/.test(literal) && literal.includes(',')) return [edit(`${simple}.replace(',', '')`)];
    if (target === 'int' && /^-?\d+\.\d*$/.test(literal)) return [edit(`float(${argument.text})`)];
    return [];
  });
}

function convertOperand(site: GuardSite, wrapper: string): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['binary_operator']).flatMap((node) => {
    const right = node.childForFieldName('right');
    if (right === null || node.childForFieldName('operator')?.text !== '+' || right.type === 'string') return [];
    return [
      {
        pattern: 'wrong-type',
        title: `Convert ${shorten(right.text)} before joining`,
        rootCause: `\`${shorten(right.text)}\` isn't text on line ${site.line}, where it is joined to text.`,
        splices: [replaceNode(right, `${wrapper}(${right.text})`)],
      },
    ];
  });
}

function guardOperands(site: GuardSite): readonly GuardEdit[] {
  if (!site.message.includes('NoneType')) return [];
  const side = /: '(\w+)' and '(\w+)'/.exec(site.message)?.[1] === 'NoneType' ? 'left' : 'right';
  return nodesOnLine(site.root, site.line, ['binary_operator', 'augmented_assignment']).flatMap((node) => {
    const operand = node.childForFieldName(side);
    if (operand === null || (node.type === 'augmented_assignment' && side === 'left')) return [];
    return [noneEdit(site, operand, [replaceNode(operand, `(${operand.text} or 0)`)])];
  });
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= 40 ? line : `${line.slice(0, 37)}…`;
}
