// How a Go function is left early: with its zero values, or with an error where it answers with one.
// Must never say that all is well where the caller asks for an error, or decide a question that is answered by a bool.
import type { SyntaxNode } from '../../../../base/syntax-tree.ts';
import type { Splice } from './guard-edit.ts';

/** What leaves a function, and what the file needs for it. */
export interface Leaving {
  readonly words: string;
  readonly imports: readonly Splice[];
}

/** @param why the error's text, for functions that answer with one @param known an expression that is the error already */
export function leaveFunction(node: SyntaxNode, root: SyntaxNode, why: string, known?: string): Leaving | undefined {
  const result = node.childForFieldName('result');
  if (result === null) return { words: 'return', imports: [] };
  const types =
    result.type === 'parameter_list'
      ? result.namedChildren.flatMap((parameter) => {
          const type = parameter.childForFieldName('type') ?? parameter;
          const names = Math.max(1, parameter.childrenForFieldName('name').length);
          return Array.from({ length: names }, () => type);
        })
      : [result];
  const values: string[] = [];
  let imports: readonly Splice[] = [];
  for (const [index, type] of types.entries()) {
    if (type.text === 'bool' && types.length === 1) return undefined;
    if (type.text !== 'error' || index !== types.length - 1) values.push(zeroOf(type));
    else if (known !== undefined) values.push(known);
    else {
      const made = makeError(root, why);
      if (made === undefined) return undefined;
      values.push(made.words);
      imports = made.imports;
    }
  }
  return { words: `return ${values.join(', ')}`, imports };
}

function makeError(root: SyntaxNode, why: string): Leaving | undefined {
  const text = JSON.stringify(why);
  if (hasImport(root, 'errors')) return { words: `errors.New(${text})`, imports: [] };
  if (hasImport(root, 'fmt')) return { words: `fmt.Errorf(${text.replaceAll('%', '%%')})`, imports: [] };
  const added = addGoImport(root, 'errors');
  return added === undefined ? undefined : { words: `errors.New(${text})`, imports: added };
}

function hasImport(root: SyntaxNode, path: string): boolean {
  return root
    .descendantsOfType('import_spec')
    .some((one) => one?.childForFieldName('path')?.text === `"${path}"` && one.childForFieldName('name') === null);
}

/** Splices that import a package of the standard library; none if it is imported already. */
export function addGoImport(root: SyntaxNode, path: string): readonly Splice[] | undefined {
  if (hasImport(root, path)) return [];
  const specs = root.descendantsOfType('import_spec').filter((one): one is SyntaxNode => one !== null);
  const list = root.descendantsOfType('import_spec_list')[0];
  const clause = root.descendantsOfType('package_clause')[0];
  if (list !== undefined && list !== null) {
    const next = specs.find((one) => (one.childForFieldName('path')?.text ?? '') > `"${path}"`);
    const at = next?.startIndex ?? list.endIndex - 1;
    return [{ start: at, end: at, insert: next === undefined ? `\t"${path}"\n` : `"${path}"\n\t` }];
  }
  const [only] = specs;
  if (only !== undefined) return [{ start: only.startIndex, end: only.endIndex, insert: `(\n\t"${path}"\n\t${only.text}\n)` }];
  return clause === undefined || clause === null
    ? undefined
    : [{ start: clause.endIndex, end: clause.endIndex, insert: `\n\nimport "${path}"` }];
}

export function zeroOf(type: SyntaxNode): string {
  if (['pointer_type', 'map_type', 'slice_type', 'interface_type', 'function_type', 'channel_type'].includes(type.type)) return 'nil';
  if (['error', 'any'].includes(type.text)) return 'nil';
  if (type.text === 'string') return '""';
  if (type.text === 'bool') return 'false';
  if (/^(?:u?int(?:8|16|32|64|ptr)?|float(?:32|64)|complex(?:64|128)|byte|rune)$/.test(type.text)) return '0';
  // The zero value of any type, without knowing what it is.
  return `*new(${type.text})`;
}
