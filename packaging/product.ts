// What is packaged: the two products, their programs, and the facts that packages and manual pages say of them.
// Must never build anything; build.ts does.

export interface Program {
  /** In /usr/bin. */
  readonly command: 'hephaestus-agent' | 'hephaestus-coordinator' | 'hephaestusctl';
  /** Of the manual. */
  readonly section: 1 | 8;
  /** The source that is bundled, from the repository's root. */
  readonly entry: string;
  readonly bundle: string;
  readonly summary: string;
  /** What its runtime is told beside the bundle. */
  readonly runtime: Runtime;
}

export interface Runtime {
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

const plainRuntime: Runtime = { flags: ['--disable-warning=ExperimentalWarning'], environment: {} };

/**
 * The agent is a guest on its host: little memory for objects that live shortly, since it makes few, and one arena of malloc for
 * all threads (each further one keeps what it was given). The two quick compilers are left out: what is hot gets the good one, and
 * what isn't needn't be compiled. That one is off, too, until there is something to ship (agent/hot-code.ts).
 * Optimising for size takes 15 MB off the peak and costs nothing that shows.
 */
const smallRuntime: Runtime = {
  flags: [...plainRuntime.flags, '--max-semi-space-size=1', '--no-sparkplug', '--no-maglev', '--no-opt', '--optimize-for-size'],
  environment: { MALLOC_ARENA_MAX: '1' },
};

export interface Product {
  /** Package, unit and folder below /usr/lib. */
  readonly name: 'hephaestus-agent' | 'hephaestus-coordinator';
  /** Of `systemd/NAME.*` and `packaging/configuration/`. */
  readonly configuration: 'agent' | 'coordinator';
  readonly programs: readonly Program[];
  /** Sources that a program starts as processes of their own: each is bundled beside it, by the name that it looks for. */
  readonly helpers: readonly { readonly entry: string; readonly bundle: string }[];
  /** The synopsis, then the paragraph below it, as in a control file. */
  readonly synopsis: string;
  readonly description: readonly string[];
  readonly depends: string;
  readonly recommends: string | undefined;
  /** Installed as a file that the package manager asks about; the agent's is written by `enroll`. */
  readonly configurationIsInstalled: boolean;
  /** Packages that the bundle loads from beside itself, with the files of them that it needs. */
  readonly besideBundle: Readonly<Record<string, readonly string[]>>;
}

/** Those of `base/syntax-tree.ts`; a test holds the two together. */
export const grammars = 'bash c-sharp cpp css go java javascript php python ruby rust tsx typescript'.split(' ');

export const agent: Product = {
  name: 'hephaestus-agent',
  configuration: 'agent',
  programs: [
    {
      command: 'hephaestus-agent',
      section: 8,
      entry: 'agent/main.ts',
      bundle: 'agent.mjs',
      summary: 'tails the logs of this host and streams them to a coordinator',
      runtime: smallRuntime,
    },
  ],
  helpers: [{ entry: 'agent/host/machine-probe.ts', bundle: 'machine-probe.mjs' }],
  synopsis: 'log-tailing agent of the Hephaestus repair crew',
  description: [
    'Follows log files and the systemd journal, keeps its place across rotation,',
    'restarts and lost connections, and streams what it reads over mutual TLS to a',
    'Hephaestus coordinator, which turns problems into proven fixes.',
    '.',
    'It carries its own Node.js runtime; none is needed on the host.',
  ],
  depends: 'libc6 (>= 2.28), libstdc++6 (>= 8), systemd (>= 247), init-system-helpers (>= 1.54)',
  recommends: undefined,
  configurationIsInstalled: false,
  besideBundle: {},
};

export const coordinator: Product = {
  name: 'hephaestus-coordinator',
  configuration: 'coordinator',
  programs: [
    {
      command: 'hephaestus-coordinator',
      section: 8,
      entry: 'coordinator/main.ts',
      bundle: 'coordinator.mjs',
      summary: 'groups problems in logs into incidents and proves fixes for them',
      runtime: plainRuntime,
    },
    {
      command: 'hephaestusctl',
      section: 1,
      entry: 'coordinator/cli/main.ts',
      bundle: 'hephaestusctl.mjs',
      summary: 'looks at a Hephaestus coordinator and steers it',
      runtime: plainRuntime,
    },
  ],
  helpers: [],
  synopsis: 'coordinator of the Hephaestus repair crew, with its admin CLI',
  description: [
    'Takes the logs of all agents, groups problems into incidents, finds the code',
    'behind each, has a fix proposed (by a local or hosted model, or by built-in',
    'patterns), proves it in a sandbox and delivers it as a change request.',
    '.',
    'Includes hephaestusctl. It carries its own Node.js runtime; none is needed on',
    'the host.',
  ],
  depends: 'libc6 (>= 2.28), libstdc++6 (>= 8), systemd (>= 247), init-system-helpers (>= 1.54), git',
  recommends: 'bubblewrap, ca-certificates, openssh-client',
  configurationIsInstalled: true,
  besideBundle: {
    'web-tree-sitter': ['package.json', 'LICENSE', 'web-tree-sitter.js', 'web-tree-sitter.wasm'],
    '@vscode/tree-sitter-wasm': ['package.json', 'LICENSE', ...grammars.map((name) => `wasm/tree-sitter-${name}.wasm`)],
  },
};

export const products = [agent, coordinator] as const;

export const maintainer = 'Hephaestus maintainers <maintainers@hephaestus.invalid>';

/** Debian's name for an architecture, Node's for it, and the prefix of its binutils. */
export const architectures = {
  amd64: { node: 'x64', binutils: 'x86_64-linux-gnu' },
  arm64: { node: 'arm64', binutils: 'aarch64-linux-gnu' },
} as const;

export type Architecture = keyof typeof architectures;
