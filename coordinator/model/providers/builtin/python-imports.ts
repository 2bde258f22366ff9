// The import of a name of Python's standard library that nothing imports.
// Must never guess at a package that isn't Python's own.
import type { SyntaxNode } from '../../../../base/syntax-tree.ts';
import type { GuardEdit, GuardSite } from './guard-edit.ts';

const standardModules = new Set(
  'argparse asyncio base64 collections copy csv datetime decimal functools glob hashlib hmac html io itertools json logging math os pathlib pickle random re secrets shutil socket sqlite3 statistics string struct subprocess sys tempfile textwrap threading time traceback typing unicodedata urllib uuid warnings zlib'.split(
    ' ',
  ),
);
const moduleOfName: Readonly<Record<string, string>> = {
  Path: 'pathlib',
  defaultdict: 'collections',
  Counter: 'collections',
  OrderedDict: 'collections',
  namedtuple: 'collections',
  dataclass: 'dataclasses',
  Decimal: 'decimal',
  timedelta: 'datetime',
  timezone: 'datetime',
  partial: 'functools',
  lru_cache: 'functools',
  Optional: 'typing',
  Any: 'typing',
};

export function addPythonImport(site: GuardSite, name: string): readonly GuardEdit[] {
  const from = moduleOfName[name];
  if (from === undefined && !standardModules.has(name)) return [];
  const statement = from === undefined ? `import ${name}` : `from ${from} import ${name}`;
  const statements = site.root.namedChildren;
  const isHead = (node: SyntaxNode): boolean =>
    node.type === 'comment' ||
    node.type === 'future_import_statement' ||
    (node.type === 'expression_statement' && node.namedChild(0)?.type === 'string');
  const first = statements.find((node) => !isHead(node));
  const at = first?.startIndex ?? site.text.length;
  return [
    {
      pattern: 'missing-import',
      title: `Import ${name}`,
      rootCause: `\`${name}\` is used on line ${site.line}, but nothing imports it.`,
      splices: [{ start: at, end: at, insert: `${statement}\n` }],
    },
  ];
}
