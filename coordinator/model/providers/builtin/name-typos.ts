// Misspelt names: what the runtime doesn't know, but a name of the same file is nearly like.
// Must never guess between two names that are equally near, or correct a name that the file itself declares.
import { enclosing, nodesOnLine, replaceNode, type GuardEdit, type GuardSite } from './guard-edit.ts';

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
  const unknown = readUnknown(site.message);
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
      pattern: 'misspelt-name',
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
  const most = name.length <= 4 ? 1 : 2;
  const near = [...counts.keys()]
    .map((other) => ({ other, distance: editDistance(name, other, most) }))
    .filter(({ distance }) => distance <= most)
    .toSorted((a, b) => a.distance - b.distance);
  const [best, second] = near;
  if (best === undefined || (second !== undefined && second.distance === best.distance)) return undefined;
  return best.other;
}

/** Letters put in, left out, changed or swapped with their neighbour; more than `most` is `most + 1`. */
function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let value = Math.min((rows[i - 1]?.[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (rows[i - 1]?.[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) value = Math.min(value, (rows[i - 2]?.[j - 2] ?? 0) + 1);
      row.push(value);
    }
    rows.push(row);
  }
  return Math.min(most + 1, rows[a.length]?.[b.length] ?? most + 1);
}
