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
  /** Named functions and methods, outer before inner; empty without a grammar. */
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
  'method',
  'singleton_method',
]);

function collectFunctions(root: SyntaxNode): readonly FunctionRange[] {
  const found: FunctionRange[] = [];
  const visit = (node: SyntaxNode): void => {
    const name = functionTypes.has(node.type) ? node.childForFieldName('name')?.text : boundFunctionName(node);
    if (name !== undefined) {
      // A decorator, an export or a declaration keyword around it belongs to the function's lines.
      const outer = node.parent !== null && wrapperTypes.has(node.parent.type) ? node.parent : node;
      found.push({ name, startLine: outer.startPosition.row + 1, endLine: outer.endPosition.row + 1 });
    }
    for (const child of node.namedChildren) visit(child);
  };
  visit(root);
  return found;
}

const wrapperTypes = new Set(['export_statement', 'decorated_definition', 'lexical_declaration', 'variable_declaration']);

/** `const f = () => …` has its name in the declarator. */
function boundFunctionName(node: SyntaxNode): string | undefined {
  if (node.type !== 'variable_declarator') return undefined;
  const value = node.childForFieldName('value');
  if (value === null || !['arrow_function', 'function_expression', 'generator_function'].includes(value.type)) return undefined;
  return node.childForFieldName('name')?.text;
}
