// A toy language model that really runs: llama.cpp by node-llama-cpp, in a process of its own that speaks like Ollama and OpenAI.
// Must never be needed: it is installed apart from the dependencies, on demand, and what needs it skips loudly without it.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const version = '3.22.1';
/** 85 MB, 117 packages, with the binaries that its makers built: too much for those who only want to work on Hephaestus. */
const folder = join(tmpdir(), `hephaestus-node-llama-cpp-${version}-${process.getuid?.() ?? 0}`);
const library = join(folder, 'node_modules', 'node-llama-cpp', 'dist', 'index.js');

/** Llama architecture, 260,000 parameters, a context of 512 tokens; it babbles of Lily and her mom. */
const toyModel = join(import.meta.dirname, '../../../shared/data/models/stories260K.gguf');

/** What is missing to run it here, with what to do; undefined if nothing is. */
export function whyNoInference(model = toyModel): string | undefined {
  if (!existsSync(model)) return `there is no ${model}`;
  return existsSync(library) ? undefined : 'node-llama-cpp is not installed; `npm run bench -- toy-model` does that';
}

/** Installs it beside the repository's dependencies, without running its scripts. @returns why it could not be installed */
export function installInference(): string | undefined {
  if (existsSync(library)) return undefined;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  const packages = [`node-llama-cpp@${version}`, `@node-llama-cpp/${process.platform}-${process.arch}@${version}`];
  try {
    // Its optional packages are binaries for graphics cards, hundreds of megabytes each.
    const flags = ['--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund', '--no-progress'];
    execFileSync('npm', ['install', ...flags, ...packages], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], timeout: 300_000 });
    return existsSync(library) ? undefined : `npm did not make ${library}`;
  } catch (error) {
    return `npm could not install it: ${error instanceof Error ? (error.message.split('\n')[1] ?? error.message) : String(error)}`;
  }
}

export interface ToyServer extends AsyncDisposable {
  readonly url: string;
}

export async function startToyServer(model = toyModel): Promise<ToyServer> {
  const script = join(import.meta.dirname, 'toy-inference-server.ts');
  const child = spawn(process.execPath, [script, library, model], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await Promise.race([lines.next(), ended.then(() => undefined)]);
  if (typeof first?.value !== 'string') throw new Error('the toy model did not start; its reason stands above');
  return {
    url: first.value,
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}

if (process.argv[1] === import.meta.filename) {
  const failure = installInference();
  if (failure !== undefined) {
    console.error(`WARNING: the toy model's tests will be skipped: ${failure}`);
    process.exitCode = 1;
  }
}
