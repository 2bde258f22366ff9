// Templates for Python's values of the wrong shape: nothing where something is taken for granted, pieces that don't fit, text that is no JSON.
// Must never fit where the message is only alike.
import type { SyntaxNode } from '../../../../base/syntax-tree.ts';
import { answerForNothing, indentMore } from './convention.ts';
import { enclosing, indentOf, nodesOnLine, replaceNode, type GuardEdit, type GuardSite } from './guard-edit.ts';

export function mendPythonValues(site: GuardSite): readonly GuardEdit[] {
  const { type, message } = site;
  const last = type.split('.').at(-1) ?? '';
  if (/^(?:min|max)\(\) (?:arg is an empty sequence|iterable argument is empty)/.test(message))
    return giveDefault(site, ['max', 'min'], ', default=', ['0', 'None']);
  if (last === 'StopIteration') return giveDefault(site, ['next'], ', ', ['None']);
  if (last === 'StatisticsError') return skipEmpty(site);
  if (/not enough values to unpack \(expected 2, got 1\)/.test(message)) return splitInTwo(site, false);
  if (/too many values to unpack \(expected 2/.test(message)) return splitInTwo(site, true);
  if (/unhashable type: 'list'/.test(message)) return freezeKey(site);
  if (/list\.remove\(x\): x not in list/.test(message)) return removeIfThere(site);
  if (/unsupported operand type\(s\) for .{1,3}: '(?:decimal\.Decimal' and 'float|float' and 'decimal\.Decimal)'/.test(message))
    return makeDecimal(site);
  if (last === 'JSONDecodeError') return catchJson(site);
  if (last === 'UnicodeDecodeError' && /'utf-?8' codec can't decode byte 0x[89a-f][0-9a-f]/.test(message)) return replaceUndecodable(site);
  if (last === 'IndexError') return skipShort(site);
  if (last === 'KeyError') return knownDefault(site, message.replace(/^['"]|['"]$/g, ''));
  return [];
}

function callsOnLine(site: GuardSite, names: readonly string[]): readonly SyntaxNode[] {
  return nodesOnLine(site.root, site.line, ['call']).filter((node) => names.includes(node.childForFieldName('function')?.text ?? ''));
}

/** `max(values)` as `max(values, default=0)`; a generator that stood alone gets its brackets. */
function giveDefault(site: GuardSite, names: readonly string[], join: string, values: readonly string[]): readonly GuardEdit[] {
  return callsOnLine(site, names)
    .slice(0, 1)
    .flatMap((call) => {
      const list = call.childForFieldName('arguments');
      if (list === null) return [];
      const isBare = list.type === 'generator_expression';
      if (!isBare && (list.namedChildCount !== 1 || list.namedChild(0)?.type === 'list_splat')) return [];
      const argument = isBare ? list.text : (list.namedChild(0)?.text ?? '');
      return values.map((value) => ({
        pattern: 'nothing-found',
        title: `Say what ${call.childForFieldName('function')?.text ?? ''} of nothing is`,
        rootCause: `What line ${site.line} looks through can be empty.`,
        splices: [replaceNode(list, `(${argument}${join}${value})`)],
      }));
    });
}

function skipEmpty(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['call'])
    .filter((node) =>
      /^(?:statistics\.)?(?:f?mean|median|mode|harmonic_mean|median_low|median_high)$/.test(node.childForFieldName('function')?.text ?? ''),
    )
    .slice(0, 1)
    .flatMap((call) => {
      const argument = call.childForFieldName('arguments')?.namedChild(0);
      if (argument?.type !== 'identifier' && argument?.type !== 'attribute') return [];
      return ['0', 'None'].map((value) => ({
        pattern: 'nothing-found',
        title: `Say what is the case without ${argument.text.slice(0, 40)}`,
        rootCause: `\`${argument.text.slice(0, 60)}\` can be empty on line ${site.line}.`,
        splices: [replaceNode(call, `(${call.text} if ${argument.text} else ${value})`)],
      }));
    });
}

/** `a, b = x.split(sep)`: split once only, or lines without the separator left out. */
function splitInTwo(site: GuardSite, isTooMany: boolean): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['assignment']).flatMap((node) => {
    const left = node.childForFieldName('left');
    const call = node.childForFieldName('right');
    const callee = call?.type === 'call' ? call.childForFieldName('function') : null;
    const list = call?.childForFieldName('arguments');
    const source = callee?.childForFieldName('object');
    const separator = list?.namedChild(0);
    if (left === null || left.namedChildCount !== 2 || !callee?.text.endsWith('.split') || list === null || list === undefined) return [];
    if (source === null || source === undefined || separator?.type !== 'string') return [];
    const about = {
      pattern: 'uneven-split',
      rootCause: `\`${source.text.slice(0, 60)}\` doesn't always have exactly one ${separator.text} on line ${site.line}.`,
    };
    if (isTooMany) {
      if (list.namedChildCount !== 1) return [];
      return [
        {
          ...about,
          title: `Split at the first ${separator.text} only`,
          splices: [{ start: list.endIndex - 1, end: list.endIndex - 1, insert: ', 1' }],
        },
      ];
    }
    const statement = node.parent;
    const loop = enclosing(node, ['for_statement', 'function_definition']);
    if (statement?.type !== 'expression_statement' || loop === undefined) return [];
    const indent = indentOf(site.text, statement);
    const step = indent.includes('\t') ? '\t' : '    ';
    if (loop.type === 'for_statement') {
      const insert = `if ${separator.text} not in ${source.text}:\n${indent}${step}continue\n${indent}`;
      return [
        {
          ...about,
          title: `Skip what has no ${separator.text}`,
          splices: [{ start: statement.startIndex, end: statement.startIndex, insert }],
        },
      ];
    }
    const [first, second] = left.namedChildren;
    const insert = `${first?.text ?? ''}, _, ${second?.text ?? ''} = ${source.text}.partition(${separator.text})`;
    return [{ ...about, title: `Take what has no ${separator.text} as one part`, splices: [replaceNode(node, insert)] }];
  });
}

function freezeKey(site: GuardSite): readonly GuardEdit[] {
  const keys = nodesOnLine(site.root, site.line, ['subscript', 'call']).flatMap((node) => {
    if (node.type === 'subscript') return node.childForFieldName('subscript') ?? [];
    const name = node.childForFieldName('function')?.childForFieldName('attribute')?.text ?? '';
    return ['setdefault', 'get', 'add', 'pop'].includes(name) ? (node.childForFieldName('arguments')?.namedChild(0) ?? []) : [];
  });
  return keys
    .filter((key) => !['string', 'integer', 'slice', 'list'].includes(key.type))
    .slice(0, 2)
    .map((key) => ({
      pattern: 'unhashable-key',
      title: `Use ${key.text.slice(0, 40)} as a tuple`,
      rootCause: `\`${key.text.slice(0, 60)}\` can be a list on line ${site.line}, which can't be a key.`,
      splices: [replaceNode(key, `tuple(${key.text}) if isinstance(${key.text}, list) else ${key.text}`)],
    }));
}

function removeIfThere(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['expression_statement']).flatMap((statement) => {
    const call = statement.namedChild(0);
    const callee = call?.type === 'call' ? call.childForFieldName('function') : null;
    const list = callee?.childForFieldName('object');
    const value = call?.childForFieldName('arguments')?.namedChild(0);
    if (callee?.childForFieldName('attribute')?.text !== 'remove' || list === null || list === undefined) return [];
    if (value === null || value === undefined || value.type === 'call') return [];
    const indent = indentOf(site.text, statement);
    const step = indent.includes('\t') ? '\t' : '    ';
    return [
      {
        pattern: 'not-in-list',
        title: `Remove ${value.text.slice(0, 30)} only where it is`,
        rootCause: `\`${list.text.slice(0, 60)}\` doesn't always hold \`${value.text.slice(0, 60)}\` on line ${site.line}.`,
        splices: [replaceNode(statement, `if ${value.text} in ${list.text}:\n${indent}${step}${statement.text}`)],
      },
    ];
  });
}

/** The side that is a float, made a Decimal by way of its text, so that it keeps the digits that it shows. */
function makeDecimal(site: GuardSite): readonly GuardEdit[] {
  if (!/\bimport\b[^\n]*\bDecimal\b/.test(site.text)) return [];
  const isLeft = /: 'float' and/.test(site.message);
  return nodesOnLine(site.root, site.line, ['binary_operator']).flatMap((node) => {
    const operand = node.childForFieldName(isLeft ? 'left' : 'right');
    if (operand === null || operand.type === 'binary_operator' || operand.text.startsWith('Decimal(')) return [];
    const rootCause = `\`${operand.text.slice(0, 60)}\` is a float on line ${site.line}, where the other side is a Decimal.`;
    return [
      {
        pattern: 'wrong-type',
        title: `Make ${operand.text.slice(0, 40)} a Decimal`,
        rootCause,
        splices: [replaceNode(operand, `Decimal(str(${operand.text}))`)],
      },
    ];
  });
}

/** Text that is no JSON counts as what the function answers with where there is none. */
function catchJson(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['call']).flatMap((node) => {
    const statement = enclosing(node, ['return_statement']);
    const around = enclosing(node, ['function_definition']);
    const nothing = around === undefined ? undefined : answerForNothing(around, node);
    if (!/^json\.loads?$/.test(node.childForFieldName('function')?.text ?? '') || statement === undefined || nothing === undefined)
      return [];
    const indent = indentOf(site.text, statement);
    const step = indent.includes('\t') ? '\t' : '    ';
    const insert = `try:\n${indent}${step}${indentMore(statement.text, step)}\n${indent}except json.JSONDecodeError:\n${indent}${step}return ${nothing}`;
    const rootCause = `What line ${site.line} reads isn't always JSON; elsewhere the function answers ${nothing} where it has nothing.`;
    return [{ pattern: 'no-json', title: `Take what is no JSON as ${nothing}`, rootCause, splices: [replaceNode(statement, insert)] }];
  });
}

function replaceUndecodable(site: GuardSite): readonly GuardEdit[] {
  const line = nodesOnLine(site.root, site.line, [
    'call',
    'return_statement',
    'for_statement',
    'with_statement',
    'expression_statement',
  ])[0];
  const around = line === undefined ? undefined : (enclosing(line, ['function_definition', 'module']) ?? site.root);
  const calls = (around?.descendantsOfType('call') ?? []).filter((one): one is SyntaxNode => {
    const name = one?.childForFieldName('function')?.text ?? '';
    return (
      one !== null &&
      /^(?:open|io\.open|codecs\.open|[\w.]+\.(?:open|read_text|decode))$/.test(name) &&
      !/\berrors\s*=|['"][rwax+]*b[rwax+]*['"]/.test(one.text)
    );
  });
  const list = calls.length === 1 ? calls[0]?.childForFieldName('arguments') : undefined;
  if (list === undefined || list === null) return [];
  const at = list.endIndex - 1;
  const rootCause = `What line ${site.line} reads isn't all UTF-8: bytes of another encoding are in it.`;
  return [
    {
      pattern: 'wrong-encoding',
      title: 'Replace what is no UTF-8',
      rootCause,
      splices: [{ start: at, end: at, insert: `${list.namedChildCount === 0 ? '' : ', '}errors='replace'` }],
    },
  ];
}

/** In a loop, what was split and has too few pieces is left out. */
function skipShort(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['subscript'])
    .slice(0, 1)
    .flatMap((node) => {
      const value = node.childForFieldName('value');
      const index = node.childForFieldName('subscript');
      const statement = enclosing(node, ['expression_statement', 'return_statement', 'if_statement']);
      const loop =
        statement?.parent === null || statement === undefined
          ? undefined
          : enclosing(statement.parent, ['for_statement', 'function_definition']);
      if (
        value?.type !== 'identifier' ||
        index?.type !== 'integer' ||
        statement?.parent?.type !== 'block' ||
        loop?.type !== 'for_statement'
      )
        return [];
      const isSplit = loop.descendantsOfType('assignment').some((one) => {
        return (
          one?.childForFieldName('left')?.text === value.text && /\.r?split\(|\.groups\(\)/.test(one.childForFieldName('right')?.text ?? '')
        );
      });
      if (!isSplit) return [];
      const indent = indentOf(site.text, statement);
      const step = indent.includes('\t') ? '\t' : '    ';
      const insert = `if len(${value.text}) <= ${index.text}:\n${indent}${step}continue\n${indent}`;
      const rootCause = `\`${value.text}\` doesn't always have as many pieces as line ${site.line} takes for granted.`;
      return [
        {
          pattern: 'index-out-of-range',
          title: `Skip what has too few pieces`,
          rootCause,
          splices: [{ start: statement.startIndex, end: statement.startIndex, insert }],
        },
      ];
    });
}

/** The default that the same key is given elsewhere in the file. */
function knownDefault(site: GuardSite, key: string): readonly GuardEdit[] {
  const reads = nodesOnLine(site.root, site.line, ['subscript']).filter((node) => {
    const index = node.childForFieldName('subscript');
    return index?.type === 'string' && index.text.replace(/^\w*['"]|['"]$/g, '') === key;
  });
  const defaults = site.root.descendantsOfType('call').flatMap((one) => {
    const list = one?.childForFieldName('arguments');
    const isGet = one?.childForFieldName('function')?.childForFieldName('attribute')?.text === 'get';
    const [first, second] = list?.namedChildren ?? [];
    return isGet && second !== undefined && first?.text.replace(/^\w*['"]|['"]$/g, '') === key ? second.text : [];
  });
  const [node] = reads;
  const [fallback] = defaults;
  const value = node?.childForFieldName('value');
  const index = node?.childForFieldName('subscript');
  const isTarget = (node?.parent?.type ?? '').endsWith('assignment') && node?.parent?.childForFieldName('left')?.id === node?.id;
  if (node === undefined || fallback === undefined || new Set(defaults).size !== 1 || isTarget) return [];
  if (value === null || value === undefined || index === null || index === undefined) return [];
  return [
    {
      pattern: 'missing-key',
      title: `Give ${index.text} the default that it has elsewhere`,
      rootCause: `\`${value.text}\` doesn't always have ${index.text}, which line ${site.line} takes for granted; elsewhere in the file it is ${fallback} then.`,
      splices: [replaceNode(node, `${value.text}.get(${index.text}, ${fallback})`)],
    },
  ];
}
