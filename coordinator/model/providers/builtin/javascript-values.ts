// Templates for JavaScript's values of the wrong kind: text that should be a number, one thing instead of a list, counts below nothing,
// dates that are none, text that is no JSON, answers sent twice. Must never fit where the message is only alike.
import type { SyntaxNode } from '../../../../base/syntax-tree.ts';
import { answerForNothing, indentMore } from './convention.ts';
import { enclosing, indentOf, nodesOnLine, replaceNode, type GuardEdit, type GuardSite } from './guard-edit.ts';

const functionTypes = ['function_declaration', 'function_expression', 'arrow_function', 'method_definition'];
const wrappers: readonly (readonly [RegExp, (object: string) => string, string])[] = [
  [/^to(?:Fixed|Precision|Exponential)$/, (object) => `Number(${object})`, 'a number'],
  [
    /^(?:trim|split|toLowerCase|toUpperCase|startsWith|endsWith|replace|replaceAll|padStart|padEnd|match)$/,
    (object) => `String(${object})`,
    'text',
  ],
  [/^(?:getTime|toISOString|getFullYear|getMonth|getDate|toLocaleDateString)$/, (object) => `new Date(${object})`, 'a date'],
  [/^(?:map|filter|forEach|reduce|some|every|find|flatMap)$/, (object) => `[${object}].flat()`, 'a list'],
];

/** True for a method that tells what kind of value has it. */
export function isOfKind(method: string): boolean {
  return wrappers.some(([names]) => names.test(method));
}

export function mendJavaScriptValues(site: GuardSite): readonly GuardEdit[] {
  const { message } = site;
  const notFunction = /(?:^|\s)([\w$.[\]()]{1,200})\.(\w{1,60}) is not a function/.exec(message);
  if (notFunction?.[2] !== undefined) return convertReceiver(site, notFunction[2]);
  if (/Invalid count value: -/.test(message)) return atLeastZero(site, 'repeat');
  if (/Invalid array length/.test(message)) return defaultNumber(site);
  if (/Invalid time value/.test(message)) return tolerateDate(site);
  if (/Cannot set headers after they are sent|ERR_HTTP_HEADERS_SENT|write after end/.test(message)) return endHandler(site);
  if (/in JSON at position|Unexpected end of JSON input|is not valid JSON/.test(message)) return catchJson(site);
  return [];
}

/** `price.toFixed(2)` as `Number(price).toFixed(2)`, and its like. */
function convertReceiver(site: GuardSite, method: string): readonly GuardEdit[] {
  const wrapper = wrappers.find(([names]) => names.test(method));
  if (wrapper === undefined) return [];
  return nodesOnLine(site.root, site.line, ['member_expression'])
    .filter((node) => node.childForFieldName('property')?.text === method)
    .slice(0, 1)
    .flatMap((node) => {
      const object = node.childForFieldName('object');
      if (object === null || object.type === 'this') return [];
      const [, wrap, kind] = wrapper;
      const rootCause = `\`${object.text.slice(0, 60)}\` isn't always ${kind} on line ${site.line}, which calls \`${method}\` of it.`;
      return [
        {
          pattern: 'wrong-type',
          title: `Take ${object.text.slice(0, 40)} as ${kind}`,
          rootCause,
          splices: [replaceNode(object, wrap(object.text))],
        },
      ];
    });
}

function atLeastZero(site: GuardSite, method: string): readonly GuardEdit[] {
  const calls = nodesOnLine(site.root, site.line, ['call_expression']).flatMap((node) => {
    const count = node.childForFieldName('arguments')?.namedChild(0) ?? null;
    const property = node.childForFieldName('function')?.childForFieldName('property');
    if (property?.text !== method || count === null || count.type === 'number' || count.text.startsWith('Math.max(0,')) return [];
    return [{ count, column: property.startPosition.column + 1 }];
  });
  const named = calls.filter(({ column }) => column === site.column);
  const meant = named.length > 0 ? named : calls;
  if (meant.length === 0) return [];
  const rootCause = `\`${meant.map(({ count }) => count.text.slice(0, 60)).join('` or `')}\` can be below 0 on line ${site.line}.`;
  const splices = meant.map(({ count }) => replaceNode(count, `Math.max(0, ${count.text})`));
  return [{ pattern: 'negative-count', title: 'Repeat nothing less than 0 times', rootCause, splices }];
}

/** A length that came of something that is no number: what was parsed gets the default that its parameter has. */
function defaultNumber(site: GuardSite): readonly GuardEdit[] {
  const line = nodesOnLine(site.root, site.line, ['new_expression', 'assignment_expression'])[0];
  const around = line === undefined ? undefined : enclosing(line, functionTypes);
  if (around === undefined) return [];
  const calls = around.descendantsOfType('call_expression').filter((one): one is SyntaxNode => {
    return one !== null && /^(?:parseInt|parseFloat|Number(?:\.parse(?:Int|Float))?)$/.test(one.childForFieldName('function')?.text ?? '');
  });
  return calls.slice(0, 1).flatMap((call) => {
    const argument = call.childForFieldName('arguments')?.namedChild(0)?.text ?? '';
    const fallback = around
      .childForFieldName('parameters')
      ?.namedChildren.find((one) => one.childForFieldName('left')?.text === argument)
      ?.childForFieldName('right')?.text;
    if (fallback === undefined || call.parent?.type === 'binary_expression') return [];
    const rootCause = `\`${argument}\` isn't always a number, and line ${site.line} makes a length of it.`;
    return [
      {
        pattern: 'wrong-type',
        title: `Take ${fallback} where ${argument} is no number`,
        rootCause,
        splices: [replaceNode(call, `(${call.text} || ${fallback})`)],
      },
    ];
  });
}

function tolerateDate(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['call_expression'])
    .filter((node) => /^to(?:ISOString|JSON)$/.test(node.childForFieldName('function')?.childForFieldName('property')?.text ?? ''))
    .slice(0, 1)
    .flatMap((node) => {
      const date = node.childForFieldName('function')?.childForFieldName('object');
      if (date === null || date === undefined) return [];
      let top = node;
      for (
        let parent = top.parent;
        parent !== null && ['member_expression', 'call_expression'].includes(parent.type);
        parent = parent.parent
      ) {
        if (parent.childForFieldName('object')?.id !== top.id && parent.childForFieldName('function')?.id !== top.id) break;
        top = parent;
      }
      const isText = top.parent?.type === 'template_substitution' || top.parent?.type === 'binary_expression';
      const rootCause = `\`${date.text.slice(0, 60)}\` isn't always a date on line ${site.line}: what it is made of can be missing.`;
      return (isText ? ["''"] : ["''", 'undefined']).map((value) => ({
        pattern: 'invalid-date',
        title: `Leave a date out that is none`,
        rootCause,
        splices: [
          replaceNode(top, `${isText ? '' : '('}Number.isNaN(${date.text}.getTime()) ? ${value} : ${top.text}${isText ? '' : ')'}`),
        ],
      }));
    });
}

const ends = /\.(?:end|json|send|sendStatus|sendFile|redirect|render)\([^;]*\);?$/;

/** A branch that answers and doesn't leave: what follows answers once more. */
function endHandler(site: GuardSite): readonly GuardEdit[] {
  const line = nodesOnLine(site.root, site.line, ['expression_statement', 'return_statement', 'await_expression'])[0];
  const around = line === undefined ? undefined : enclosing(line, functionTypes);
  return (around?.descendantsOfType('if_statement') ?? [])
    .filter((one): one is SyntaxNode => one !== null && one.endPosition.row < site.line - 1)
    .toReversed()
    .flatMap((one) => {
      const branch = one.childForFieldName('consequence');
      const last = branch?.type === 'statement_block' ? branch.namedChildren.at(-1) : branch;
      if (last?.type !== 'expression_statement' || !ends.test(last.text) || one.childForFieldName('alternative') !== null) return [];
      const rootCause = `The branch of line ${one.startPosition.row + 1} answers and goes on, so that line ${site.line} answers once more.`;
      const isBlock = branch?.type === 'statement_block';
      const splice = isBlock
        ? { start: last.endIndex, end: last.endIndex, insert: `\n${indentOf(site.text, last)}return;` }
        : { start: last.startIndex, end: last.startIndex, insert: 'return void ' };
      return [{ pattern: 'answered-twice', title: 'Leave the handler once it has answered', rootCause, splices: [splice] }];
    })
    .slice(0, 2);
}

/** Text that is no JSON counts as what the function answers with where there is none. */
function catchJson(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['call_expression']).flatMap((node) => {
    const statement = enclosing(node, ['return_statement', 'expression_statement', 'lexical_declaration']);
    const around = enclosing(node, functionTypes);
    const nothing = around === undefined ? undefined : answerForNothing(around, node);
    if (node.childForFieldName('function')?.text !== 'JSON.parse' || statement?.type !== 'return_statement' || nothing === undefined)
      return [];
    if (statement.parent?.type !== 'statement_block') return [];
    const indent = indentOf(site.text, statement);
    const step = indent.includes('\t') ? '\t' : '  ';
    const insert = `try {\n${indent}${step}${indentMore(statement.text, step)}\n${indent}} catch {\n${indent}${step}return ${nothing};\n${indent}}`;
    const rootCause = `The text that line ${site.line} reads isn't always JSON; elsewhere the function answers ${nothing} where it has nothing.`;
    return [{ pattern: 'no-json', title: `Take what is no JSON as ${nothing}`, rootCause, splices: [replaceNode(statement, insert)] }];
  });
}
