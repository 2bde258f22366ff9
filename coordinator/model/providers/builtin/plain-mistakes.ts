// Templates for mistakes that the message names outright: a constant that is assigned to, a promise not awaited, a collection changed
// while it is gone through, text that must be bytes, a variable that one path never sets. Must never answer where the message is only alike.
import type { SyntaxNode } from '../../../../base/syntax-tree.ts';
import { enclosing, indentOf, nodesOnLine, replaceNode, type GuardEdit, type GuardSite } from './guard-edit.ts';

const javascriptFunctions = ['function_declaration', 'function_expression', 'arrow_function', 'method_definition'];

/** For JavaScript and TypeScript. */
export function mendJavaScript(site: GuardSite): readonly GuardEdit[] {
  if (/Assignment to constant variable/.test(site.message)) return makeVariable(site);
  if (/Reduce of empty array with no initial value/.test(site.message)) return giveInitialValue(site);
  if (/Cannot read propert|is not a function|is not iterable/.test(site.message)) return awaitCalls(site);
  return [];
}

/** For Python. */
export function mendPython(site: GuardSite): readonly GuardEdit[] {
  if (/(?:dictionary|Set) changed (?:size|keys) during iteration|deque mutated during iteration/.test(site.message))
    return copyBeforeLoop(site, (text) => `list(${text})`);
  if (/Strings must be encoded before hashing|a bytes-like object is required, not 'str'/.test(site.message)) return encode(site);
  const local = /(?:local variable '(\w+)' (?:referenced before|where it is not)|cannot access local variable '(\w+)')/.exec(site.message);
  const name = local?.[1] ?? local?.[2];
  return name === undefined ? [] : setBeforehand(site, name);
}

/** For Java. */
export function mendJava(site: GuardSite): readonly GuardEdit[] {
  if (!site.type.endsWith('ConcurrentModificationException')) return [];
  return copyBeforeLoop(site, (text) => `new java.util.ArrayList<>(${text})`);
}

function makeVariable(site: GuardSite): readonly GuardEdit[] {
  const targets = nodesOnLine(site.root, site.line, ['assignment_expression', 'augmented_assignment_expression', 'update_expression']);
  return targets.slice(0, 1).flatMap((node) => {
    const name = (node.childForFieldName('left') ?? node.childForFieldName('argument'))?.text ?? '';
    const declarations = site.root.descendantsOfType('lexical_declaration').filter((one): one is SyntaxNode => {
      const names = one?.namedChildren.map((child) => child.childForFieldName('name')?.text) ?? [];
      return one !== null && one.text.startsWith('const') && names.length === 1 && names[0] === name && one.startIndex < node.startIndex;
    });
    const declaration = declarations.at(-1);
    if (declaration === undefined) return [];
    const splices = [{ start: declaration.startIndex, end: declaration.startIndex + 'const'.length, insert: 'let' }];
    const rootCause = `\`${name}\` is declared as a constant, and line ${site.line} assigns to it.`;
    return [{ pattern: 'constant-assigned', title: `Declare ${name} as a variable`, rootCause, splices }];
  });
}

function giveInitialValue(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['call_expression']).flatMap((node) => {
    const method = node.childForFieldName('function')?.childForFieldName('property')?.text ?? '';
    const list = node.childForFieldName('arguments');
    const callback = list?.namedChildCount === 1 ? list.namedChild(0) : null;
    if (!/^reduce(?:Right)?$/.test(method) || callback === null) return [];
    // Both sides of a plus are numbers unless a text stands there; anything else may be either.
    const values = /['"`]|\.length/.test(callback.text)
      ? ["''", '0']
      : /[-+*/]|Math\./.test(callback.text)
        ? ['0', "''"]
        : ['undefined', '0', "''"];
    return values.map((value) => ({
      pattern: 'empty-reduce',
      title: 'Give the reduction a value to begin with',
      rootCause: `The list that line ${site.line} reduces can be empty.`,
      splices: [{ start: callback.endIndex, end: callback.endIndex, insert: `, ${value}` }],
    }));
  });
}

/** A variable of the failing line that holds what an async function of this file returns, in a function that may await. */
function awaitCalls(site: GuardSite): readonly GuardEdit[] {
  const used = new Set(nodesOnLine(site.root, site.line, ['identifier']).map(({ text }) => text));
  const asyncNames = new Set(
    site.root.descendantsOfType(javascriptFunctions).flatMap((node) => {
      if (node === null || !node.text.startsWith('async')) return [];
      const bound = node.parent?.type === 'variable_declarator' ? node.parent.childForFieldName('name') : null;
      return (node.childForFieldName('name') ?? bound)?.text ?? [];
    }),
  );
  return site.root.descendantsOfType('variable_declarator').flatMap((node) => {
    const value = node?.childForFieldName('value') ?? null;
    if (node === null || value?.type !== 'call_expression' || !used.has(node.childForFieldName('name')?.text ?? '')) return [];
    const called = value.childForFieldName('function');
    const callee = called?.text.replace(/^this\./, '') ?? '';
    const around = enclosing(node, javascriptFunctions);
    const near = node.startPosition.row < site.line && around !== undefined && around.endPosition.row >= site.line - 1;
    if ((!asyncNames.has(callee) && !isElsewhere(callee, site)) || !near || !around.text.startsWith('async')) return [];
    return [
      {
        pattern: 'missing-await',
        title: `Await ${callee}`,
        rootCause: `\`${callee}\` answers with a promise, which line ${site.line} uses as if it were the value.`,
        splices: [{ start: value.startIndex, end: value.startIndex, insert: 'await ' }],
      },
    ];
  });
}

/** What another file answers with can't be seen here; waiting for what is no promise changes nothing, and the proof tells whether it helps. */
function isElsewhere(callee: string, { root, text }: GuardSite): boolean {
  if (/^[\w$.]+\.\w+$/.test(callee))
    return (
      !/^(?:JSON|Math|Object|Array|Number|String|Date|Reflect|console)\.|^(?:this\.)?\w+\.(?:map|filter|slice|split|get|match|find|join|trim)$/.test(
        callee,
      ) || new RegExp(`new [A-Z]\\w*\\(`).test(text)
    );
  return root
    .descendantsOfType('import_specifier')
    .some((one) => (one?.childForFieldName('alias') ?? one?.childForFieldName('name'))?.text === callee);
}

function copyBeforeLoop(site: GuardSite, copy: (text: string) => string): readonly GuardEdit[] {
  const line = nodesOnLine(site.root, site.line, ['for_statement', 'enhanced_for_statement'])[0];
  const source = line?.childForFieldName('right') ?? line?.childForFieldName('value');
  if (source === undefined || source === null || /^(?:list|new )/.test(source.text)) return [];
  return [
    {
      pattern: 'changed-while-iterated',
      title: `Go through a copy of ${source.text.slice(0, 40)}`,
      rootCause: `The loop of line ${site.line} changes \`${source.text.slice(0, 40)}\` while it goes through it.`,
      splices: [replaceNode(source, copy(source.text))],
    },
  ];
}

function encode(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['call']).flatMap((node) => {
    const list = node.childForFieldName('arguments');
    const argument = list?.type === 'argument_list' && list.namedChildCount === 1 ? list.namedChild(0) : null;
    if (argument === null || !['identifier', 'attribute', 'string', 'call', 'subscript'].includes(argument.type)) return [];
    return [
      {
        pattern: 'wrong-type',
        title: `Encode ${argument.text.slice(0, 40)}`,
        rootCause: `\`${argument.text.slice(0, 40)}\` is text on line ${site.line}, where bytes are taken.`,
        splices: [{ start: argument.endIndex, end: argument.endIndex, insert: '.encode()' }],
      },
    ];
  });
}

function setBeforehand(site: GuardSite, name: string): readonly GuardEdit[] {
  const node = nodesOnLine(site.root, site.line, ['identifier']).find(({ text }) => text === name);
  const around = node === undefined ? undefined : enclosing(node, ['function_definition']);
  const body = around?.childForFieldName('body');
  const first = body?.namedChildren.find(({ type, namedChildren }) => type !== 'comment' && namedChildren[0]?.type !== 'string');
  if (first === undefined || first.startPosition.row > site.line - 1) return [];
  const newline = site.text.includes('\r\n') ? '\r\n' : '\n';
  return ['None', '0', "''"].map((value) => ({
    pattern: 'unset-variable',
    title: `Set ${name} before it may be read`,
    rootCause: `Not every way to line ${site.line} sets \`${name}\`.`,
    splices: [{ start: first.startIndex, end: first.startIndex, insert: `${name} = ${value}${newline}${indentOf(site.text, first)}` }],
  }));
}
