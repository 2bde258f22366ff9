// The model that `--model` names: `ollama:qwen2.5-coder:7b`, `anthropic:NAME`, `openai-compatible:NAME@http://127.0.0.1:8080/v1`.
// Must never hold a key: `--key-file` names the file.
import { readFileSync } from 'node:fs';
import { modelConfigurationSchema } from '../coordinator/model/model-configuration.ts';
import type { BenchmarkOptions } from './main.ts';

export interface GivenModel {
  /** The `model:` section of a coordinator's configuration. */
  readonly section: Record<string, unknown>;
  readonly secrets: { readonly get: (name: string) => Promise<string | undefined> };
}

/** @returns undefined where none is given. @throws Error that says how one is written */
export function readGivenModel({ model, keyFile }: Pick<BenchmarkOptions, 'model' | 'keyFile'>): GivenModel | undefined {
  if (model === undefined) return undefined;
  const match = /^(ollama|openai-compatible|anthropic):(.+?)(?:@(https?:\/\/.+))?$/.exec(model);
  if (match === null)
    throw new Error(`--model ${model}: write PROVIDER:NAME or PROVIDER:NAME@URL; providers: ollama, openai-compatible, anthropic`);
  const [, provider, name, baseUrl] = match;
  const key = keyFile === undefined ? {} : { key: 'given' };
  const section = { provider, model: name, ...(baseUrl === undefined ? {} : { baseUrl }), ...key, contextTokens: 32_768 };
  const checked = modelConfigurationSchema.safeParse(section);
  if (!checked.success)
    throw new Error(`--model ${model}: ${checked.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')}`);
  const value = keyFile === undefined ? undefined : readFileSync(keyFile, 'utf8').trim();
  return { section, secrets: { get: async (wanted) => (wanted === 'given' ? value : undefined) } };
}
