// Guard template for a file that a program reads and that isn't there yet.
// Must never hide a file that can't be written: only what is opened for reading is tolerated.
import { enclosing, indentOf, nodesOnLine, type GuardEdit, type GuardSite } from './guard-edit.ts';

/** `with open(…)` or a statement that opens, wrapped so that a missing file counts as empty. */
export function tolerateMissingFile(site: GuardSite): readonly GuardEdit[] {
  const call = nodesOnLine(site.root, site.line, ['call']).find((node) =>
    /^(?:open|io\.open|[\w.]+\.(?:open|read_text|read_bytes))$/.test(node.childForFieldName('function')?.text ?? ''),
  );
  if (call === undefined || /['"][wax]b?\+?['"]/.test(call.childForFieldName('arguments')?.text ?? '')) return [];
  const statement = enclosing(call, ['with_statement', 'return_statement']);
  const indent = statement === undefined ? '' : indentOf(site.text, statement);
  if (statement?.parent?.type !== 'block' || enclosing(statement, ['function_definition']) === undefined) return [];
  if (!/\breturn\b/.test(statement.text)) return [];
  const text = statement.text;
  const step = indent.includes('\t') ? '\t' : '    ';
  const body = text
    .split('\n')
    .map((line, index) => (index === 0 || line.trim() === '' ? line : `${step}${line}`))
    .join('\n');
  const empty = /\bjson\.load|yaml\.safe_load|tomllib\.load/.test(text)
    ? ['{}', '[]', 'None']
    : /\.readlines\(|\.splitlines\(|\.split\(|list\(|\bfor\b/.test(text)
      ? ['[]', 'None']
      : /read_bytes/.test(text)
        ? ["b''", 'None']
        : ["''", 'None'];
  return empty.map((value) => ({
    pattern: 'missing-file',
    title: 'Treat a file that is not there yet as empty',
    rootCause: `The file that line ${site.line} opens doesn't exist always.`,
    splices: [
      {
        start: statement.startIndex,
        end: statement.endIndex,
        insert: `try:\n${indent}${step}${body}\n${indent}except FileNotFoundError:\n${indent}${step}return ${value}`,
      },
    ],
  }));
}
