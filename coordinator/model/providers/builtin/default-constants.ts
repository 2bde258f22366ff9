// The constant that a Python module has for what a table lacks: DEFAULT_RATE beside RATES, DEFAULT_TIMEOUT for settings['timeout'].
// Must never guess between two.
import type { SyntaxNode } from '../../../../base/syntax-tree.ts';

const words = new Set(['default', 'fallback', 'standard']);

/** Its name; undefined where there is none, or several. @param read `VALUE[INDEX]` */
export function defaultConstant(root: SyntaxNode, read: SyntaxNode): string | undefined {
  const value = read.childForFieldName('value');
  const index = read.childForFieldName('subscript');
  const wanted = [value, index?.type === 'string' ? index : null].map((node) => (node === null ? '' : partsOf(nameOf(node)).join(' ')));
  const found = root.namedChildren.flatMap((statement) => {
    const assignment = statement.type === 'expression_statement' ? statement.namedChild(0) : null;
    const name = assignment?.type === 'assignment' ? assignment.childForFieldName('left')?.text : undefined;
    if (name === undefined || !/^[A-Za-z_]\w*$/.test(name)) return [];
    const parts = partsOf(name);
    const rest = parts.filter((part) => !words.has(part));
    return rest.length > 0 && rest.length < parts.length && wanted.includes(rest.join(' ')) ? [name] : [];
  });
  return new Set(found).size === 1 ? found[0] : undefined;
}

/** In the singular: a table of rates has a default rate. */
function partsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((part) => part !== '')
    .map((part) => part.replace(/(?<=..)ies$/, 'y').replace(/(?<=..[^s])s$/, ''));
}

function nameOf(node: SyntaxNode): string {
  return node.type === 'string' ? node.text.replaceAll(/^\w*['"]|['"]$/g, '') : (node.childForFieldName('attribute') ?? node).text;
}
