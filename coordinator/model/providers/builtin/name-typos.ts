// Misspelt names: what the runtime doesn't know, but a name of the same file is nearly like.
// Must never guess between two names that are equally near, or correct a name that the file itself declares.
import { enclosing, nodesOnLine, replaceNode, type GuardEdit, type GuardSite } from './guard-edit.ts';
import { nearestOf } from './near-names.ts';

interface Unknown {
  readonly name: string;
  /** What the runtime itself suggests (`Did you mean: 'items'?`). */
  readonly suggested: string | undefined;
  /** True for `object.name`, false for a name by itself. */
  readonly isMember: boolean;
}

const identifierTypes = [
  'identifier',
  'property_identifier',
  'field_identifier',
  'shorthand_property_identifier',
  'type_identifier',
  'private_property_identifier',
];

/** Corrections of the name that the message complains about, at the failing line. */
export function correctTypo(site: GuardSite): readonly GuardEdit[] {
  const told = readUnknown(site.message);
  const unknown = told ?? readLonely(site);
  if (unknown === undefined || unknown.name.length < 3) return [];
  const here = nodesOnLine(site.root, site.line, identifierTypes).filter(
    (node) => node.text === unknown.name && isMember(node) === unknown.isMember,
  );
  const first = here[0];
  if (first === undefined) return [];
  const meant = nearestName(site, unknown);
  if (meant === undefined) return [];
  return [
    {
      // What nobody refused by its name may be right, and something else missing.
      pattern: told === undefined ? 'near-name' : 'misspelt-name',
      title: `Write ${meant} instead of ${unknown.name}`,
      rootCause: `\`${unknown.name}\` on line ${site.line} is nothing that exists; \`${meant}\` is, and nearly called so.`,
      splices: here.map((node) => replaceNode(node, meant)),
    },
  ];
}

function readUnknown(message: string): Unknown | undefined {
  const suggested = /Did you mean: '(?:self\.)?(\w+)'\?/.exec(message)?.[1];
  const alone = /(?:^|\s)([\w$]+) is not defined/.exec(message)?.[1] ?? /name '(\w+)' is not defined/.exec(message)?.[1];
  if (alone !== undefined) return { name: alone, suggested, isMember: false };
  const member =
    /(?:object|module '[^']{1,100}'|type object '[^']{1,100}') has no attribute '(\w+)'/.exec(message)?.[1] ??
    /\.([\w$]+) is not a function/.exec(message)?.[1];
  return member === undefined || message.includes("'NoneType'") ? undefined : { name: member, suggested, isMember: true };
}

/** A member that stands in the file once, before what could not be read of it. */
function readLonely({ message, root, line }: GuardSite): Unknown | undefined {
  const read = /Cannot read propert(?:y|ies) .{0,80}\(reading '([\w$]{1,60})'\)/.exec(message)?.[1];
  if (read === undefined) return undefined;
  const member = nodesOnLine(root, line, ['member_expression'])
    .filter((node) => node.childForFieldName('property')?.text === read)
    .map((node) => node.childForFieldName('object')?.childForFieldName('property')?.text)
    .find((name) => name !== undefined && name.length >= 5);
  const isLonely = root.descendantsOfType('property_identifier').filter((node) => node?.text === member).length === 1;
  return member === undefined || !isLonely ? undefined : { name: member, suggested: undefined, isMember: true };
}

function isMember(node: GuardSite['root']): boolean {
  const parent = node.parent;
  if (parent === null) return false;
  const key = parent.childForFieldName('property') ?? parent.childForFieldName('attribute') ?? parent.childForFieldName('field');
  return key?.id === node.id && enclosing(parent, ['member_expression', 'attribute', 'selector_expression'])?.id === parent.id;
}

/** The one name of the file that is nearest, at most two letters away (one for short names). */
function nearestName(site: GuardSite, { name, suggested, isMember: wantsMember }: Unknown): string | undefined {
  const counts = new Map<string, number>();
  for (const node of site.root.descendantsOfType(identifierTypes)) {
    if (node === null || node.text === name) continue;
    // Methods are declared by a plain name, and used as members.
    if (!wantsMember && isMember(node)) continue;
    counts.set(node.text, (counts.get(node.text) ?? 0) + 1);
  }
  if (suggested !== undefined && suggested !== name && counts.has(suggested)) return suggested;
  return nearestOf(name, counts.keys());
}
