// Values for a Go function's parameters, written as expressions: what was logged, then what is commonly missing.
// Must never write a type that the source doesn't: what isn't known is its zero value.
import type { SyntaxNode } from '../../../base/syntax-tree.ts';
import { valuesFor, type LoggedValues } from './logged-values.ts';

const longText = 'a text that is longer than most fields are made for';

export interface GoValue {
  readonly text: string;
  readonly cost: number;
  readonly isLogged: boolean;
}

export interface GoParameter {
  readonly name: string;
  readonly type: SyntaxNode;
}

/** Parameters of a function or method; undefined where one can't be given by itself. */
export function parametersOf(node: SyntaxNode): readonly GoParameter[] | undefined {
  const list = node.childForFieldName('parameters');
  const read: GoParameter[] = [];
  for (const one of list?.namedChildren ?? []) {
    const type = one.childForFieldName('type');
    if (one.type === 'variadic_parameter_declaration') continue;
    if (type === null) return undefined;
    const names = one.childrenForFieldName('name');
    for (const name of names) if (name !== null) read.push({ name: name.text, type });
    if (names.length === 0) read.push({ name: '_', type });
  }
  return read;
}

export function goValues({ name, type }: GoParameter, logged: LoggedValues): readonly GoValue[] {
  const known = valuesFor(name, logged).filter((one) => one.isLogged);
  const invented = (...texts: readonly string[]): readonly GoValue[] =>
    texts.map((text, index) => ({ text, cost: 5 + index, isLogged: false }));
  const written = (kind: 'string' | 'number', write: (value: string | number) => string): readonly GoValue[] =>
    known.flatMap(({ value, cost }) => (typeof value === kind ? [{ text: write(value as string | number), cost, isLogged: true }] : []));
  const text = type.text;
  if (text === 'string')
    return [...written('string', (value) => JSON.stringify(value)), ...invented('""', '"x"', JSON.stringify(longText))];
  if (text === '[]byte') return [...written('string', (value) => `[]byte(${JSON.stringify(value)})`), ...invented('nil', '[]byte("x")')];
  if (text === '[]string')
    return [...written('string', (value) => `[]string{${JSON.stringify(value)}}`), ...invented('nil', '[]string{""}', '[]string{"x"}')];
  if (/^u?int(?:8|16|32|64)?$/.test(text)) {
    const fits = (value: string | number): boolean =>
      Number.isInteger(value) && (value as number) >= (text.startsWith('u') ? 0 : -1e9) && (value as number) < 1e9;
    const numbers = known.flatMap(({ value, cost }) =>
      typeof value === 'number' && fits(value) ? [{ text: String(value), cost, isLogged: true }] : [],
    );
    return [...numbers, ...invented('0', '1', '100', ...(text.startsWith('u') ? [] : ['-1']))];
  }
  if (/^float(?:32|64)$/.test(text)) return [...written('number', String), ...invented('0', '1')];
  if (text === 'bool') return invented('false', 'true');
  if (text === 'context.Context') return invented('context.Background()');
  switch (type.type) {
    case 'pointer_type': {
      const target = type.namedChild(0)?.text ?? '';
      return invented('nil', ...(/^\w+$/.test(target) ? [`&${target}{}`] : []));
    }
    case 'slice_type':
      return invented('nil', `${text}{*new(${type.childForFieldName('element')?.text ?? ''})}`);
    case 'map_type':
      return invented(
        'nil',
        `${text}{}`,
        ...mapsOf(
          type,
          known.flatMap(({ value }) => (typeof value === 'string' ? [value] : [])),
        ),
      );
    case 'function_type':
    case 'channel_type':
      return invented('nil');
    default:
      break;
  }
  if (text === 'any' || text === 'interface{}')
    return [...written('string', (value) => JSON.stringify(value)), ...invented('nil', '"x"', '1')];
  return invented(text === 'error' ? 'nil' : `*new(${text})`);
}

/** Maps of documents with a member that is of another kind than code takes for granted. */
function mapsOf(type: SyntaxNode, names: readonly string[]): readonly string[] {
  if (type.childForFieldName('key')?.text !== 'string') return [];
  const value = type.childForFieldName('value')?.text ?? '';
  const isOpen = value === 'interface{}' || value === 'any';
  return names.slice(0, 3).flatMap((name) => (isOpen ? [`${type.text}{${JSON.stringify(name)}: "x"}`] : []));
}
