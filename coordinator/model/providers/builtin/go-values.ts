// Templates for Go's values of the wrong kind: interfaces that hold something else, slices and counts out of range, errors thrown away,
// maps that many write to. Must never add a lock where a method could wait for itself.
import type { SyntaxNode } from '../../../../base/syntax-tree.ts';
import { addGoImport, leaveFunction } from './go-returns.ts';
import { enclosing, indentOf, nodesOnLine, replaceNode, type GuardEdit, type GuardSite, type Splice } from './guard-edit.ts';

const functionTypes = ['function_declaration', 'method_declaration', 'func_literal'];

export function mendGoValues(site: GuardSite): readonly GuardEdit[] {
  const { message } = site;
  if (/interface conversion:/.test(message)) return assertKindly(site);
  if (/slice bounds out of range/.test(message)) return cutShort(site);
  if (/negative Repeat count/.test(message)) return repeatNothing(site);
  if (/nil pointer dereference|invalid memory address/.test(message)) return heedError(site);
  if (/concurrent map (?:writes|read and map write|iteration and map write)/.test(message)) return lockMap(site);
  return [];
}

/** `x := v.(T)` with its second answer heard: the zero value, or an error where the function answers with one. */
function assertKindly(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['type_assertion_expression']).flatMap((node) => {
    const list = node.parent;
    const statement = list?.type === 'expression_list' ? list.parent : undefined;
    const around = enclosing(node, functionTypes);
    const names = statement?.childForFieldName('left');
    if (statement?.type !== 'short_var_declaration' || list?.namedChildCount !== 1 || names?.namedChildCount !== 1 || around === undefined)
      return [];
    const operand = node.childForFieldName('operand')?.text ?? '';
    const type = node.childForFieldName('type')?.text ?? '';
    const about = {
      pattern: 'type-assertion',
      rootCause: `\`${operand.slice(0, 60)}\` doesn't always hold a ${type} on line ${site.line}, which takes it for granted.`,
    };
    const answersError = /\berror\)?$/.test(around.childForFieldName('result')?.text ?? '');
    if (!answersError)
      return [
        {
          ...about,
          title: `Take the zero value where there is no ${type}`,
          splices: [{ start: names.endIndex, end: names.endIndex, insert: ', _' }],
        },
      ];
    const leave = leaveFunction(around, site.root, `${operand.replaceAll('"', '')} is no ${type}`);
    if (leave === undefined) return [];
    const indent = indentOf(site.text, statement);
    const check = `\n${indent}if !ok {\n${indent}\t${leave.words}\n${indent}}`;
    return [
      {
        ...about,
        title: `Answer with an error where there is no ${type}`,
        splices: [
          { start: names.endIndex, end: names.endIndex, insert: ', ok' },
          { start: statement.endIndex, end: statement.endIndex, insert: check },
          ...leave.imports,
        ],
      },
    ];
  });
}

/** `return s[:n]` of something shorter answers with all of it. */
function cutShort(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['slice_expression']).flatMap((node) => {
    const operand = node.childForFieldName('operand');
    const end = node.childForFieldName('end');
    const start = node.childForFieldName('start');
    const statement = enclosing(node, ['return_statement']);
    if (operand?.type !== 'identifier' || end === null || (start !== null && start.text !== '0') || statement === undefined) return [];
    if (statement.namedChild(0)?.text !== node.text || end.descendantsOfType('call_expression').length > 0) return [];
    const indent = indentOf(site.text, statement);
    const insert = `if len(${operand.text}) < ${end.text} {\n${indent}\treturn ${operand.text}\n${indent}}\n${indent}`;
    return [
      {
        pattern: 'slice-bounds',
        title: `Answer with all of ${operand.text} where it is short`,
        rootCause: `\`${operand.text}\` can be shorter than line ${site.line} cuts it.`,
        splices: [{ start: statement.startIndex, end: statement.startIndex, insert }],
      },
    ];
  });
}

function repeatNothing(site: GuardSite): readonly GuardEdit[] {
  return nodesOnLine(site.root, site.line, ['call_expression'])
    .filter((node) => node.childForFieldName('function')?.text === 'strings.Repeat')
    .slice(0, 1)
    .flatMap((node) => {
      const count = node.childForFieldName('arguments')?.namedChild(1);
      const statement = enclosing(node, ['return_statement', 'short_var_declaration', 'assignment_statement', 'expression_statement']);
      const around = enclosing(node, functionTypes);
      if (
        count === null ||
        count === undefined ||
        around === undefined ||
        !['block', 'statement_list'].includes(statement?.parent?.type ?? '')
      )
        return [];
      const name = ['count', 'padding', 'times'].find((one) => !new RegExp(`\\b${one}\\b`).test(around.text));
      if (name === undefined || statement === undefined) return [];
      const indent = indentOf(site.text, statement);
      const insert = `${name} := ${count.text}\n${indent}if ${name} < 0 {\n${indent}\t${name} = 0\n${indent}}\n${indent}`;
      const rootCause = `\`${count.text}\` can be below 0 on line ${site.line}.`;
      const splices = [{ start: statement.startIndex, end: statement.startIndex, insert }, replaceNode(count, name)];
      return [{ pattern: 'negative-count', title: 'Repeat nothing less than 0 times', rootCause, splices }];
    });
}

/** `x, _ := f()` whose x is nil: the error that was thrown away says why. */
function heedError(site: GuardSite): readonly GuardEdit[] {
  const used = nodesOnLine(site.root, site.line, ['selector_expression']).map((node) => node.childForFieldName('operand')?.text ?? '');
  const line = nodesOnLine(site.root, site.line, ['selector_expression'])[0];
  const around = line === undefined ? undefined : enclosing(line, functionTypes);
  return (around?.descendantsOfType('short_var_declaration') ?? []).flatMap((node) => {
    const left = node?.childForFieldName('left');
    const [name, blank] = left?.namedChildren ?? [];
    if (node === null || around === undefined || node.startPosition.row >= site.line - 1 || left?.namedChildCount !== 2) return [];
    if (blank?.text !== '_' || name === undefined || !used.includes(name.text)) return [];
    const leave = leaveFunction(around, site.root, '', 'err');
    if (leave === undefined || !/\berror\)?$/.test(around.childForFieldName('result')?.text ?? '')) return [];
    const indent = indentOf(site.text, node);
    return [
      {
        pattern: 'error-ignored',
        title: `Heed the error that comes with ${name.text}`,
        rootCause: `Line ${node.startPosition.row + 1} throws an error away; where there is one, \`${name.text}\` is nil on line ${site.line}.`,
        splices: [
          replaceNode(blank, 'err'),
          { start: node.endIndex, end: node.endIndex, insert: `\n${indent}if err != nil {\n${indent}\t${leave.words}\n${indent}}` },
        ],
      },
    ];
  });
}

/** A mutex beside the map of a struct, held by every method that touches it. */
function lockMap(site: GuardSite): readonly GuardEdit[] {
  for (const node of nodesOnLine(site.root, site.line, ['selector_expression'])) {
    const method = enclosing(node, ['method_declaration']);
    const receiver = receiverOf(method);
    const field = node.childForFieldName('field')?.text ?? '';
    if (method === undefined || receiver === undefined || node.childForFieldName('operand')?.text !== receiver.name) continue;
    const declared = site.root.descendantsOfType('type_spec').find((one) => one?.childForFieldName('name')?.text === receiver.type);
    const fields = declared?.childForFieldName('type')?.descendantsOfType('field_declaration_list')[0];
    const isMap = fields?.namedChildren.some(
      (one) => one.childForFieldName('name')?.text === field && one.childForFieldName('type')?.type === 'map_type',
    );
    if (fields === undefined || fields === null || isMap !== true || /\bsync\./.test(fields.text)) continue;
    const methods = site.root.descendantsOfType('method_declaration').flatMap((one) => {
      const own = receiverOf(one ?? undefined);
      const body = one?.childForFieldName('body');
      return one !== null && own?.type === receiver.type && body !== null && body !== undefined ? [{ one, own, body }] : [];
    });
    const touching = methods.filter(({ own, body }) => new RegExp(`\\b${own.name}\\.${field}\\b`).test(body.text));
    const names = touching.map(({ one }) => one.childForFieldName('name')?.text ?? '');
    // A copy of the struct would have a lock of its own, and who holds the lock must not ask for it again.
    const isSafe = touching.every(
      ({ own, body }) => own.isPointer && !names.some((name) => body.text.includes(`.${name}(`)) && !/\bmu(?:tex)?\b/.test(body.text),
    );
    const others =
      site.root.text.split(`.${field}`).length - 1 - touching.reduce((sum, { body }) => sum + body.text.split(`.${field}`).length - 1, 0);
    const imported = addGoImport(site.root, 'sync');
    if (!isSafe || others > 0 || imported === undefined) continue;
    const first = fields.namedChildren[0];
    const at = first?.startIndex ?? fields.startIndex + 1;
    const splices: Splice[] = [
      { start: at, end: at, insert: 'mutex sync.Mutex\n\t' },
      ...touching.map(({ own, body }) => ({
        start: body.startIndex + 1,
        end: body.startIndex + 1,
        insert: `\n\t${own.name}.mutex.Lock()\n\tdefer ${own.name}.mutex.Unlock()`,
      })),
      ...imported,
    ];
    return [
      {
        pattern: 'shared-map',
        title: `Let one at a time use ${field} of ${receiver.type}`,
        rootCause: `Several goroutines use the map \`${field}\` of ${receiver.type} at the same time, one of them to write to it (line ${site.line}).`,
        splices,
      },
    ];
  }
  return [];
}

function receiverOf(
  method: SyntaxNode | undefined,
): { readonly name: string; readonly type: string; readonly isPointer: boolean } | undefined {
  const match = /^\((\w+) (\*?)(\w+)\)$/.exec(method?.childForFieldName('receiver')?.text ?? '');
  return match === null ? undefined : { name: match[1] ?? '', type: match[3] ?? '', isPointer: match[2] === '*' };
}
