// The walls of the house (docs/architecture.md): which part may import which, type imports included.
// Must never read files; it judges facts.
import { posix } from 'node:path';
import type { ImportFact, ModuleFacts } from './module-facts.ts';

export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

const agentStages = ['sources', 'framing', 'redaction', 'reduction', 'session', 'host'] as const;
const domains = ['access', 'nodes', 'logs', 'incidents', 'model', 'repository', 'remote'] as const;

/** What a part may import beside itself and packages; `agent/record.ts` is a part of its own. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  analysis: ['base'],
  proto: [],
  'agent/record': ['base', 'analysis'],
  ...Object.fromEntries(
    agentStages.map((stage) => [`agent/${stage}`, ['agent/record', 'base', 'analysis', ...(stage === 'session' ? ['proto'] : [])]]),
  ),
  agent: ['agent/record', ...agentStages.map((stage) => `agent/${stage}`), 'base', 'analysis'],
  ...Object.fromEntries(domains.map((domain) => [`coordinator/${domain}`, ['base', 'analysis']])),
  'coordinator/solutions': [
    'coordinator/incidents',
    'coordinator/model',
    'coordinator/repository',
    'coordinator/remote',
    'base',
    'analysis',
  ],
  'coordinator/store': [...domains.map((domain) => `coordinator/${domain}`), 'coordinator/solutions', 'base', 'analysis'],
  'coordinator/api': [...domains.map((domain) => `coordinator/${domain}`), 'coordinator/solutions', 'base', 'analysis', 'proto'],
  'coordinator/cli': ['base', 'analysis', 'proto'],
  coordinator: [
    ...domains.map((domain) => `coordinator/${domain}`),
    ...['solutions', 'store', 'api'].map((part) => `coordinator/${part}`),
    'base',
    'analysis',
  ],
};

/** Folders that production never imports, and that may import everything. */
const free = ['test', 'bench', 'examples', 'packaging'];

/** Each of these packages is imported by one production file at most. */
const oneFilePackages = [
  'chokidar',
  '@jridgewell/trace-mapping',
  'octokit',
  'pino',
  'prom-client',
  'ollama',
  're2js',
  'systeminformation',
  'web-tree-sitter',
  'node:sqlite',
];

/** Files of a domain that hold an SDK or a protocol; solutions sees the contract, not these. */
const adapters = [/^coordinator\/model\/providers\//, /^coordinator\/remote\/(github|gitlab|gitea|git)\b/];

/** @returns every breach of a wall, in the order of the modules given. */
export function findWallViolations(modules: readonly ModuleFacts[]): readonly Violation[] {
  const perModule = modules.flatMap((module) => module.imports.flatMap((fact) => judgeImport(module.path, fact)));
  return [...perModule, ...findSharedSdks(modules)];
}

/** The part of the house that a file belongs to, or undefined for one that stands outside. */
export function partOf(path: string): string | undefined {
  const [root, second, ...rest] = path.split('/');
  if (root === undefined || second === undefined) return undefined;
  if (root === 'agent' && path === 'agent/record.ts') return 'agent/record';
  if ((root === 'agent' || root === 'coordinator') && rest.length > 0) return `${root}/${second}`;
  return root;
}

function judgeImport(path: string, fact: ImportFact): readonly Violation[] {
  const from = partOf(path);
  if (from === undefined || free.includes(from) || !fact.specifier.startsWith('.')) return [];
  const target = posix.join(posix.dirname(path), fact.specifier);
  const violation = (message: string): Violation => ({ path, line: fact.line, message });
  if (!/\.(ts|json)$/.test(target)) return [violation(`imports ${fact.specifier}: a relative import ends in .ts`)];
  const to = partOf(target);
  const allowed = mayImport[from];
  if (allowed === undefined)
    return [violation(`${from} is no part of the house; add it to test/architecture/walls.ts with what it may import`)];
  if (to === undefined) return [violation(`imports ${target}, which stands outside the house`)];
  if (to !== from && !allowed.includes(to)) return [violation(`${from} must not import ${to} (${target})`)];
  if (to === 'proto' && from !== 'proto' && target !== 'proto/index.ts')
    return [violation(`imports ${target}: proto/index.ts is the only door`)];
  if (from === 'coordinator/solutions' && adapters.some((adapter) => adapter.test(target))) {
    return [violation(`coordinator/solutions must use the contract, not the adapter ${target}`)];
  }
  return [];
}

function findSharedSdks(modules: readonly ModuleFacts[]): readonly Violation[] {
  return oneFilePackages.flatMap((name) => {
    const uses = modules.flatMap((module) => {
      const part = partOf(module.path);
      if (part === undefined || free.includes(part)) return [];
      const fact = module.imports.find(({ specifier }) => specifier === name || specifier.startsWith(`${name}/`));
      return fact === undefined ? [] : [{ path: module.path, line: fact.line }];
    });
    const first = uses[0];
    return uses.slice(1).map((use) => ({ ...use, message: `imports ${name}, which ${first?.path ?? ''} already does: one file an SDK` }));
  });
}
