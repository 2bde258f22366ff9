// Source code as syntax trees: which grammar a path takes, whether it parses, and the nodes for those who look closer.
// Must never know why anybody asks (edits, guards, function ranges). The only file that knows web-tree-sitter.
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { Language, Parser, type Node } from 'web-tree-sitter';

export type SyntaxNode = Node;

/** Grammar names are tree-sitter's own. */
export type Grammar =
  | 'javascript'
  | 'typescript'
  | 'tsx'
  | 'python'
  | 'go'
  | 'java'
  | 'ruby'
  | 'rust'
  | 'php'
  | 'c-sharp'
  | 'cpp'
  | 'bash'
  | 'powershell'
  | 'css';

const grammarByExtension: Readonly<Record<string, Grammar>> = {
  '.js': 'javascript',
  '.cjs': 'javascript',
  '.mjs': 'javascript',
  '.jsx': 'javascript',
  '.ts': 'typescript',
  '.cts': 'typescript',
  '.mts': 'typescript',
  '.tsx': 'tsx',
  '.py': 'python',
  '.pyi': 'python',
  '.go': 'go',
  '.java': 'java',
  '.rb': 'ruby',
  '.rs': 'rust',
  '.php': 'php',
  '.cs': 'c-sharp',
  '.c': 'cpp',
  '.cc': 'cpp',
  '.cpp': 'cpp',
  '.cxx': 'cpp',
  '.h': 'cpp',
  '.hpp': 'cpp',
  '.sh': 'bash',
  '.bash': 'bash',
  '.ps1': 'powershell',
  '.psm1': 'powershell',
  '.css': 'css',
};

/** The grammar for a path, by its extension; undefined if we have none. */
export function grammarOf(path: string): Grammar | undefined {
  return grammarByExtension[extname(path).toLowerCase()];
}

export interface SyntaxProblem {
  /** 1-based. */
  readonly line: number;
  readonly message: string;
}

export interface FunctionRange {
  readonly name: string;
  /** 1-based, both inclusive. */
  readonly startLine: number;
  readonly endLine: number;
}

export interface SyntaxTrees {
  /** Calls `use` with the root, whose nodes die when it returns; undefined if there is no grammar for the path. */
  withTree<T>(path: string, text: string, use: (root: SyntaxNode) => T): Promise<T | undefined>;
  /** The first problem, or undefined: it parses, or no grammar can tell. */
  findProblem(path: string, text: string): Promise<SyntaxProblem | undefined>;
  /** Functions and methods that have a name or are given to one, outer before inner; empty without a grammar. */
  listFunctions(path: string, text: string): Promise<readonly FunctionRange[]>;
}

/** Grammars are loaded when first needed (1 to 5 MB each) and kept. */
export function createSyntaxTrees(): SyntaxTrees {
  const languages = new Map<Grammar, Promise<Language>>();
  let started: Promise<void> | undefined;

  const languageOf = async (grammar: Grammar): Promise<Language> => {
    started ??= Parser.init();
    await started;
    const folder = join(dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm/package.json')), 'wasm');
    const loading = languages.get(grammar) ?? Language.load(join(folder, `tree-sitter-${grammar}.wasm`));
    languages.set(grammar, loading);
    return loading;
  };

  const withTree = async <T>(path: string, text: string, use: (root: SyntaxNode) => T): Promise<T | undefined> => {
    const grammar = grammarOf(path);
    if (grammar === undefined) return undefined;
    const language = await languageOf(grammar);
    const parser = new Parser();
    try {
      parser.setLanguage(language);
      const tree = parser.parse(text);
      if (tree === null) return undefined;
      try {
        return use(tree.rootNode);
      } finally {
        tree.delete();
      }
    } finally {
      parser.delete();
    }
  };

  return {
    withTree,
    findProblem: (path, text) => withTree(path, text, (root) => (root.hasError ? firstProblem(root) : undefined)),
    listFunctions: async (path, text) => (await withTree(path, text, (root) => collectFunctions(root))) ?? [],
  };
}

function firstProblem(root: SyntaxNode): SyntaxProblem {
  let node = root;
  for (;;) {
    const next = node.children.find((child) => child.isError || child.isMissing || child.hasError);
    if (next === undefined) break;
    node = next;
    if (node.isMissing) return { line: node.startPosition.row + 1, message: `${node.type} is missing` };
    if (node.isError) return { line: node.startPosition.row + 1, message: `unexpected ${JSON.stringify(node.text.slice(0, 60))}` };
  }
  return { line: node.startPosition.row + 1, message: 'does not parse' };
}

const functionTypes = new Set([
  'function_declaration',
  'generator_function_declaration',
  'method_definition',
  'function_definition',
  'method_declaration',
  'constructor_declaration',
  'function_item',
  'compact_constructor_declaration',
  'local_function_statement',
  'method',
  'singleton_method',
  'function_statement',
]);

function collectFunctions(root: SyntaxNode): readonly FunctionRange[] {
  const found: FunctionRange[] = [];
  const visit = (node: SyntaxNode): void => {
    const name = functionTypes.has(node.type) ? declaredName(node) : boundFunctionName(node);
    if (name !== undefined && name !== '') {
      // A decorator, an export, a template or a declaration keyword around it belongs to the function's lines.
      let outer = node;
      while (outer.parent !== null && wrapperTypes.has(outer.parent.type)) outer = outer.parent;
      found.push({ name, startLine: outer.startPosition.row + 1, endLine: outer.endPosition.row + 1 });
    }
    for (const child of node.namedChildren) visit(child);
  };
  visit(root);
  return found;
}

const wrapperTypes = new Set([
  'export_statement',
  'decorated_definition',
  'lexical_declaration',
  'variable_declaration',
  'template_declaration',
  'expression_statement',
]);

/** C and C++ have the name inside declarators (`int *Store::get(int key)`), PowerShell in a child without a field. */
function declaredName(node: SyntaxNode): string | undefined {
  const named = node.childForFieldName('name');
  if (named !== null) return named.text;
  if (node.type === 'function_statement') return node.namedChildren.find((child) => child.type === 'function_name')?.text;
  let declarator = node.childForFieldName('declarator');
  for (let depth = 0; declarator !== null && depth < 8; depth += 1) {
    if (declarator.type === 'qualified_identifier') {
      const last = declarator.childForFieldName('name');
      if (last === null || last.type !== 'qualified_identifier') return last?.text ?? declarator.text;
      declarator = last;
      continue;
    }
    const inner =
      declarator.childForFieldName('declarator') ?? (declarator.type === 'reference_declarator' ? declarator.namedChild(0) : null);
    if (inner === null) return declarator.text;
    declarator = inner;
  }
  return undefined;
}

const functionValues = new Set(['arrow_function', 'function_expression', 'generator_function', 'function']);

/** Functions that get their name from what they are given to: `const f = () => …`, `exports.f = function …`, `{ f: () => … }`, `f = () => …` in a class. */
function boundFunctionName(node: SyntaxNode): string | undefined {
  const [target, value] =
    node.type === 'variable_declarator'
      ? [node.childForFieldName('name'), node.childForFieldName('value')]
      : node.type === 'pair'
        ? [node.childForFieldName('key'), node.childForFieldName('value')]
        : node.type === 'assignment_expression'
          ? [node.childForFieldName('left'), node.childForFieldName('right')]
          : node.type === 'field_definition' || node.type === 'public_field_definition'
            ? [node.childForFieldName('property') ?? node.childForFieldName('name'), node.childForFieldName('value')]
            : [null, null];
  if (target === null || value === null || !functionValues.has(value.type)) return undefined;
  const last = target.type === 'member_expression' ? target.childForFieldName('property') : target;
  return last?.text.replace(/^(['"`])(.*)\1$/, '$2');
}
