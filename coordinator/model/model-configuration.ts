// The `model:` section of the coordinator's configuration: which model, where, and how long it may take.
// Must never hold a key: `key` names a secret that the secret reader looks up.
import { z } from 'zod';

export const modelProviders = ['auto', 'ollama', 'openai-compatible', 'anthropic', 'builtin'] as const;

const defaultBaseUrls = {
  auto: 'http://127.0.0.1:11434',
  ollama: 'http://127.0.0.1:11434',
  anthropic: 'https://api.anthropic.com',
} as const;

export const modelConfigurationSchema = z
  .strictObject({
    /** `auto`: a local Ollama if one answers, otherwise builtin. Nothing hosted is called unless it is named here. */
    provider: z.enum(modelProviders).default('auto'),
    /** Ollama: its root. OpenAI-compatible: up to and including `/v1`. */
    baseUrl: z.url({ protocol: /^https?$/ }).optional(),
    /** Name of the secret that holds the API key. */
    key: z.string().min(1).optional(),
    /** As the server calls it, such as `qwen2.5-coder:7b`. */
    model: z.string().min(1).optional(),
    /** Until the server has answered a probe, milliseconds. */
    connectTimeoutMs: z.number().int().min(100).max(60_000).default(3_000),
    /** One answer from first to last byte, milliseconds. A 7B model on a CPU needs minutes. */
    requestTimeoutMs: z.number().int().min(1_000).max(3_600_000).default(300_000),
    /** Prompt and answer together. */
    contextTokens: z.number().int().min(2_048).max(1_000_000).default(16_384),
    maxOutputTokens: z.number().int().min(256).max(65_536).default(4_096),
    /** Attempts for one answer, the first included. */
    attempts: z.number().int().min(1).max(10).default(3),
    /** How long Ollama keeps the model in memory after an answer. */
    keepAlive: z.string().default('10m'),
    budget: z
      .strictObject({
        tokensPerIncident: z.number().int().positive().default(200_000),
        tokensPerDay: z.number().int().positive().default(5_000_000),
      })
      .prefault({}),
    price: z
      .strictObject({
        /** US dollars for a million tokens, for the cost in reports. */
        inputUsd: z.number().nonnegative().default(0),
        outputUsd: z.number().nonnegative().default(0),
      })
      .prefault({}),
  })
  .superRefine((value, context) => {
    const demand = (path: 'baseUrl' | 'model' | 'key', why: string): void => {
      if (value[path] === undefined) context.addIssue({ code: 'custom', path: [path], message: why });
    };
    if (value.provider === 'openai-compatible') demand('baseUrl', 'is needed: the address of the server, such as http://127.0.0.1:8080/v1');
    if (value.provider === 'openai-compatible' || value.provider === 'ollama' || value.provider === 'anthropic')
      demand('model', `is needed with provider ${value.provider}`);
    if (value.provider === 'anthropic') demand('key', 'is needed: the name of the secret that holds the API key');
    if (value.maxOutputTokens * 2 > value.contextTokens)
      context.addIssue({ code: 'custom', path: ['maxOutputTokens'], message: 'must be at most half of contextTokens' });
  });

export type ModelConfiguration = z.output<typeof modelConfigurationSchema>;

/** The address to call; undefined only for builtin. */
export function baseUrlOf(configuration: ModelConfiguration): string | undefined {
  if (configuration.baseUrl !== undefined) return configuration.baseUrl.replace(/\/+$/, '');
  if (configuration.provider === 'builtin' || configuration.provider === 'openai-compatible') return undefined;
  return defaultBaseUrls[configuration.provider];
}
