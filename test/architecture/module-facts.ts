// What one source file says about itself: its imports, exports, and the few constructs that the house forbids.
// Must never judge; walls.ts and habits.ts do.
import { Visitor, parseSync, type Expression } from 'oxc-parser';

export interface ImportFact {
  readonly specifier: string;
  /** True if nothing of it is left at run time. */
  readonly isType: boolean;
  /** Local names; empty for `export … from` and dynamic imports. */
  readonly names: readonly string[];
  readonly line: number;
}

export interface Place {
  readonly what: string;
  readonly line: number;
}

export interface ModuleFacts {
  /** Relative to the repository's root, with slashes. */
  readonly path: string;
  readonly lines: readonly string[];
  readonly imports: readonly ImportFact[];
  readonly defaultExports: readonly Place[];
  /** `process.env`, `process.exit`, `process.on`, … wherever they stand. */
  readonly processUses: readonly Place[];
  /** `let`, `var` and empty collections at the top of a module. */
  readonly mutableState: readonly Place[];
  /** Names that `new` is applied to. */
  readonly constructions: readonly Place[];
}

/** @throws Error if the file cannot be parsed: a checker that skips what it can't read checks nothing. */
export function readModuleFacts(path: string, text: string): ModuleFacts {
  const parsed = parseSync(path, text, { lang: 'ts', sourceType: 'module' });
  const firstError = parsed.errors[0];
  if (firstError !== undefined) throw new Error(`${path} cannot be parsed: ${firstError.message}`);
  const lineOf = (offset: number): number => text.slice(0, offset).split('\n').length;
  const place = (what: string, offset: number): Place => ({ what, line: lineOf(offset) });

  const imports: ImportFact[] = [];
  const defaultExports: Place[] = [];
  const mutableState: Place[] = [];
  for (const found of parsed.module.staticImports) {
    const names = found.entries.map((entry) => entry.localName.value);
    const isType = found.entries.length > 0 && found.entries.every((entry) => entry.isType);
    imports.push({ specifier: found.moduleRequest.value, isType, names, line: lineOf(found.start) });
  }
  for (const { entries } of parsed.module.staticExports) {
    for (const entry of entries) {
      const kind: string = entry.exportName.kind;
      if (kind === 'Default') defaultExports.push(place('export default', entry.start));
      if (entry.moduleRequest === null) continue;
      imports.push({ specifier: entry.moduleRequest.value, isType: entry.isType, names: [], line: lineOf(entry.start) });
    }
  }
  for (const { moduleRequest } of parsed.module.dynamicImports) {
    const specifier = unquote(text.slice(moduleRequest.start, moduleRequest.end));
    imports.push({ specifier, isType: false, names: [], line: lineOf(moduleRequest.start) });
  }

  const processUses: Place[] = [];
  const constructions: Place[] = [];
  new Visitor({
    TSImportType(node) {
      imports.push({ specifier: node.source.value, isType: true, names: [], line: lineOf(node.start) });
    },
    MemberExpression(node) {
      if (node.object.type !== 'Identifier' || node.object.name !== 'process') return;
      if (node.property.type === 'Identifier') processUses.push(place(node.property.name, node.start));
    },
    NewExpression(node) {
      if (node.callee.type === 'Identifier') constructions.push(place(node.callee.name, node.start));
    },
  }).visit(parsed.program);

  for (const statement of parsed.program.body) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (declaration?.type !== 'VariableDeclaration' || declaration.declare === true) continue;
    if (declaration.kind !== 'const') mutableState.push(place(declaration.kind, declaration.start));
    for (const { init } of declaration.declarations) {
      if (init !== null && isEmptyCollection(init)) mutableState.push(place('an empty collection', declaration.start));
    }
  }
  return { path, lines: text.split('\n'), imports, defaultExports, processUses, mutableState, constructions };
}

/** An empty collection at the top of a module can only be there to be filled later. */
function isEmptyCollection(init: Expression): boolean {
  if (init.type === 'ArrayExpression') return init.elements.length === 0;
  if (init.type === 'ObjectExpression') return init.properties.length === 0;
  if (init.type !== 'NewExpression' || init.callee.type !== 'Identifier' || init.arguments.length > 0) return false;
  return ['Map', 'Set', 'WeakMap', 'WeakSet', 'Array'].includes(init.callee.name);
}

function unquote(text: string): string {
  return text.replace(/^['"`]|['"`]$/g, '');
}
