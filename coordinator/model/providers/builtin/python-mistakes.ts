// Templates for Python's mistakes with coroutines, encodings, time zones and JSON, where the message names what is missing.
// Must never choose an encoding that the message doesn't show, or wait where a function may not.
import type { SyntaxNode } from '../../../../base/syntax-tree.ts';
import { enclosing, nodesOnLine, replaceNode, type GuardEdit, type GuardSite, type Splice } from './guard-edit.ts';

export function mendPythonLibraries(site: GuardSite): readonly GuardEdit[] {
  const { message, type } = site;
  if (/'coroutine' object (?:is not|has no|does not)/.test(message)) return awaitCall(site);
  const encoding = encodingOf(type, message);
  if (encoding !== undefined) return openWith(site, encoding);
  if (/offset-naive and offset-aware datetimes/.test(message)) return makeAware(site);
  const unwritable = /Object of type (\w+) is not JSON serializable/.exec(message)?.[1];
  return unwritable === undefined ? [] : serialise(site, unwritable);
}

/** `fetch(x)["a"]` as `(await fetch(x))["a"]`, or where the name was set. */
function awaitCall(site: GuardSite): readonly GuardEdit[] {
  for (const node of nodesOnLine(site.root, site.line, ['subscript', 'attribute', 'for_statement', 'argument_list'])) {
    const used = node.childForFieldName('value') ?? node.childForFieldName('object') ?? node.childForFieldName('right');
    const call = used?.type === 'call' ? used : used?.type === 'identifier' ? assignedCall(used) : undefined;
    if (call === undefined || call.parent?.type === 'await') continue;
    const around = enclosing(call, ['function_definition', 'lambda']);
    const name = call.childForFieldName('function')?.text ?? '';
    if (around === undefined || !around.text.startsWith('async ') || !isCoroutine(site.root, name)) continue;
    const isWhole = call.parent?.type === 'assignment' || call.parent?.type === 'for_statement';
    const splices = [replaceNode(call, isWhole ? `await ${call.text}` : `(await ${call.text})`)];
    const rootCause = `\`${name}\` is a coroutine, and its result is used on line ${site.line} without waiting for it.`;
    return [{ pattern: 'missing-await', title: `Wait for ${name.slice(0, 40)}`, rootCause, splices }];
  }
  return [];
}

/** Of another module nothing is known, and the message says that it is one. */
function isCoroutine(root: SyntaxNode, name: string): boolean {
  const own = root
    .descendantsOfType('function_definition')
    .filter((one) => one?.childForFieldName('name')?.text === name.split('.').at(-1));
  return own.length === 0 || own.some((one) => (one?.text ?? '').startsWith('async '));
}

/** The call that a name was last set to before, in the same function. */
function assignedCall(name: SyntaxNode): SyntaxNode | undefined {
  const around = enclosing(name, ['function_definition']);
  const earlier = around
    ?.descendantsOfType('assignment')
    .filter((one): one is SyntaxNode => one !== null && one.endIndex <= name.startIndex);
  const right = earlier?.findLast((one) => one.childForFieldName('left')?.text === name.text)?.childForFieldName('right');
  return right?.type === 'call' ? right : undefined;
}

/** What must have been meant: text beyond ASCII where ASCII was the host's choice, or a mark that names the encoding. */
function encodingOf(type: string, message: string): string | undefined {
  if (/Unexpected UTF-8 BOM/.test(message)) return 'utf-8-sig';
  if (type.endsWith('UnicodeDecodeError') && /'utf-?8' codec can't decode byte 0xf[ef] in position 0/.test(message)) return 'utf-16';
  const codec = /^'?(ascii|charmap|latin-1|cp1252)' codec can't (?:en|de)code/.exec(message)?.[1];
  return codec === undefined || !/Unicode(?:En|De)codeError$/.test(type) ? undefined : 'utf-8';
}

/** The one `open` in text mode of the function that names no encoding. */
function openWith(site: GuardSite, encoding: string): readonly GuardEdit[] {
  const line = nodesOnLine(site.root, site.line, [
    'call',
    'expression_statement',
    'return_statement',
    'for_statement',
    'with_statement',
  ])[0];
  const around = line === undefined ? undefined : (enclosing(line, ['function_definition', 'module']) ?? site.root);
  const calls = (around?.descendantsOfType('call') ?? []).filter((one): one is SyntaxNode => {
    const list = one?.childForFieldName('arguments');
    const name = one?.childForFieldName('function')?.text ?? '';
    return (
      one !== null &&
      list !== null &&
      list !== undefined &&
      /^(?:open|io\.open|codecs\.open|\w+\.(?:open|read_text|write_text))$/.test(name) &&
      isText(list)
    );
  });
  const [call] = calls;
  const list = call?.childForFieldName('arguments');
  // With several it can't be told which one was read.
  if (calls.length !== 1 || call === undefined || list === null || list === undefined) return [];
  const named = list.namedChildren.find((one) => one.childForFieldName('name')?.text === 'encoding');
  // What the code chose itself is somebody's decision, but for the mark that utf-8 doesn't take off.
  if (named !== undefined && encoding !== 'utf-8-sig') return [];
  const splice: Splice =
    named === undefined
      ? { start: list.endIndex - 1, end: list.endIndex - 1, insert: `${list.namedChildCount === 0 ? '' : ', '}encoding='${encoding}'` }
      : replaceNode(named, `encoding='${encoding}'`);
  const rootCause = `The file is opened without saying that it is ${encoding}, so that line ${site.line} depends on the host's settings.`;
  return [{ pattern: 'wrong-encoding', title: `Open the file as ${encoding}`, rootCause, splices: [splice] }];
}

function isText(list: SyntaxNode): boolean {
  return !list.namedChildren.some((one) => {
    const value = one.childForFieldName('value') ?? one;
    return value.type === 'string' && /^['"][rwax+]*b[rwax+]*['"]$/.test(value.text);
  });
}

/** The one clock of the function that is read without a zone. */
function makeAware(site: GuardSite): readonly GuardEdit[] {
  const line = nodesOnLine(site.root, site.line, ['comparison_operator', 'binary_operator'])[0];
  const around = line === undefined ? undefined : (enclosing(line, ['function_definition', 'module']) ?? site.root);
  const clocks = (around?.descendantsOfType('call') ?? []).filter(
    (one): one is SyntaxNode => one !== null && /^(?:datetime\.)?datetime\.(?:utcnow|now)\(\)$/.test(one.text),
  );
  const [clock] = clocks;
  if (clocks.length !== 1 || clock === undefined) return [];
  const prefix = clock.text.startsWith('datetime.datetime.') ? 'datetime.' : '';
  const splices: Splice[] = [replaceNode(clock, `${prefix}datetime.now(${prefix}timezone.utc)`)];
  if (prefix === '' && !/\bimport\b[^\n]*\btimezone\b/.test(site.text)) {
    const names = site.root
      .descendantsOfType('import_from_statement')
      .find((one) => one?.childForFieldName('module_name')?.text === 'datetime');
    if (names === undefined || names === null || names.text.includes('(')) return [];
    splices.push({ start: names.endIndex, end: names.endIndex, insert: ', timezone' });
  }
  const rootCause = `Line ${site.line} sets a time without a zone against one with a zone.`;
  return [{ pattern: 'naive-time', title: 'Read the clock with its time zone', rootCause, splices }];
}

/** How a type is written that JSON has no form for; of others nobody knows. */
const writers: Readonly<Record<string, string>> = {
  datetime: 'str',
  date: 'str',
  Decimal: 'str',
  UUID: 'str',
  PosixPath: 'str',
  set: 'list',
  frozenset: 'list',
};

function serialise(site: GuardSite, type: string): readonly GuardEdit[] {
  const writer = writers[type];
  if (writer === undefined) return [];
  return nodesOnLine(site.root, site.line, ['call'])
    .filter((one) => /^json\.dumps?$/.test(one.childForFieldName('function')?.text ?? ''))
    .slice(0, 1)
    .flatMap((call) => {
      const list = call.childForFieldName('arguments');
      const isSet = list?.namedChildren.some(
        (one) => one.childForFieldName('name')?.text === 'default' || one.childForFieldName('name')?.text === 'cls',
      );
      if (list === null || isSet === true || list.namedChildCount === 0) return [];
      const at = list.endIndex - 1;
      const rootCause = `JSON has no form for the ${type} that line ${site.line} writes.`;
      const splices = [{ start: at, end: at, insert: `, default=${writer}` }];
      return [{ pattern: 'unwritable-value', title: `Write ${type} as ${writer === 'str' ? 'text' : 'a list'}`, rootCause, splices }];
    });
}
