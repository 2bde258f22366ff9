// Templates for Java's values of the wrong kind: casts between numbers, texts cut beyond their end, lists that can't change.
// Must never add an import: what is needed is named in full.
import type { SyntaxNode } from '../../../../base/syntax-tree.ts';
import { nodesOnLine, replaceNode, type GuardEdit, type GuardSite } from './guard-edit.ts';

const readers: Readonly<Record<string, string>> = {
  Long: 'longValue',
  Integer: 'intValue',
  Double: 'doubleValue',
  Float: 'floatValue',
  Short: 'shortValue',
};
const unchangeable =
  /^(?:(?:java\.util\.)?(?:List|Set|Map)\.(?:of|copyOf|ofEntries)|(?:java\.util\.)?Arrays\.asList|(?:java\.util\.)?Collections\.(?:empty|unmodifiable|singleton)\w*)\(|\.toList\(\)$/;

export function mendJavaValues(site: GuardSite): readonly GuardEdit[] {
  const type = site.type.split('.').at(-1) ?? '';
  const cast = /class java\.lang\.(\w+) cannot be cast to class java\.lang\.(\w+)/.exec(site.message);
  if (type === 'ClassCastException' && cast !== null) return castByNumber(site, cast[1] ?? '', cast[2] ?? '');
  if (type === 'StringIndexOutOfBoundsException') return cutWithin(site);
  if (type === 'UnsupportedOperationException') return makeChangeable(site);
  return [];
}

function castByNumber(site: GuardSite, from: string, to: string): readonly GuardEdit[] {
  const reader = readers[to];
  if (reader === undefined || readers[from] === undefined) return [];
  return nodesOnLine(site.root, site.line, ['cast_expression']).flatMap((node) => {
    const wanted = node.childForFieldName('type')?.text ?? '';
    const value = node.childForFieldName('value');
    if (value === null || (wanted !== to && wanted !== reader.slice(0, -'Value'.length))) return [];
    return [
      {
        pattern: 'wrong-type',
        title: `Take any number as ${to}`,
        rootCause: `\`${value.text.slice(0, 60)}\` is not always a ${to} on line ${site.line}: it was a ${from}.`,
        splices: [replaceNode(node, `((Number) ${value.text}).${reader}()`)],
      },
    ];
  });
}

function cutWithin(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['method_invocation']).flatMap((node) => {
    const object = node.childForFieldName('object');
    const end = node.childForFieldName('arguments')?.namedChild(1);
    if (node.childForFieldName('name')?.text !== 'substring' || object === null || end === null || end === undefined) return [];
    if (!/^[\w.]+$/.test(object.text) || end.type !== 'decimal_integer_literal') return [];
    return [
      {
        pattern: 'slice-bounds',
        title: `Cut ${object.text.slice(0, 40)} no further than it is long`,
        rootCause: `\`${object.text}\` can be shorter than line ${site.line} cuts it.`,
        splices: [replaceNode(end, `Math.min(${end.text}, ${object.text}.length())`)],
      },
    ];
  });
}

/** The collection that is changed is made as a copy that can be. */
function makeChangeable(site: GuardSite): readonly GuardEdit[] {
  const changes = nodesOnLine(site.root, site.line, ['method_invocation']).filter((node) =>
    /^(?:add|addAll|remove|removeIf|put|putAll|clear|sort|set)$/.test(node.childForFieldName('name')?.text ?? ''),
  );
  return changes.flatMap((node) => {
    const name = node.childForFieldName('object')?.text.replace(/^this\./, '') ?? '';
    const declarators = site.root
      .descendantsOfType('variable_declarator')
      .filter((one): one is SyntaxNode => one !== null && one.childForFieldName('name')?.text === name);
    const value = declarators.length === 1 ? declarators[0]?.childForFieldName('value') : undefined;
    const declared = declarators[0]?.parent?.childForFieldName('type')?.text ?? '';
    const kind = /^(?:java\.util\.)?(List|Collection|Set|Map)\b/.exec(declared)?.[1];
    if (value === null || value === undefined || kind === undefined || !unchangeable.test(value.text)) return [];
    const copy = kind === 'Map' ? 'LinkedHashMap' : kind === 'Set' ? 'LinkedHashSet' : 'ArrayList';
    return [
      {
        pattern: 'unchangeable-collection',
        title: `Make ${name} so that it can change`,
        rootCause: `\`${name}\` is made as a collection that can't change, and line ${site.line} changes it.`,
        splices: [replaceNode(value, `new java.util.${copy}<>(${value.text})`)],
      },
    ];
  });
}
