// The `model:` and `models:` sections of the coordinator's configuration: which models, where, how long they may take, what they may cost.
// Must never hold a key: `key` names a secret that the secret reader looks up.
import { z } from 'zod';

export const modelProviders = ['auto', 'ollama', 'openai-compatible', 'anthropic', 'builtin'] as const;

const defaultBaseUrls = {
  auto: 'http://127.0.0.1:11434',
  ollama: 'http://127.0.0.1:11434',
  anthropic: 'https://api.anthropic.com',
} as const;

/** What is said of one model, alone under `model:` or as one of `models:`. */
const endpointShape = {
  /** Ollama: its root. OpenAI-compatible: up to and including `/v1`; Azure: up to the deployment. */
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Name of the secret that holds the API key. */
  key: z.string().min(1).optional(),
  /** The header that carries the key; `auto`: `api-key` for Azure's own hosts, otherwise `authorization`. */
  keyHeader: z.enum(['auto', 'authorization', 'api-key']).default('auto'),
  /** Azure's `api-version`, sent with every request. */
  apiVersion: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,40}$/, 'must be a version such as 2024-10-21')
    .optional(),
  /** As the server calls it, such as `qwen2.5-coder:7b`. */
  model: z.string().min(1).optional(),
  /** `auto`: a server on this host is in-house, any other hosted. What goes to a hosted one is redacted a second time. */
  privacy: z.enum(['auto', 'in-house', 'hosted']).default('auto'),
  /** `auto`: Anthropic and local models of 30 billion parameters and more are strong. Hard problems go to strong models first. */
  skill: z.enum(['auto', 'small', 'strong']).default('auto'),
  /** `tools`: the model looks around in the repository by itself; `auto`: strong ones whose canary called a tool. */
  mode: z.enum(['auto', 'pipeline', 'tools']).default('auto'),
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
  price: z
    .strictObject({
      /** US dollars for a million tokens, for the cost in reports, the router and `budget.usdPerDay`. */
      inputUsd: z.number().nonnegative().default(0),
      outputUsd: z.number().nonnegative().default(0),
    })
    .prefault({}),
};

const budgetSchema = z.strictObject({
  tokensPerIncident: z.number().int().positive().default(300_000),
  /** Of all incidents of one repository in a day (UTC). */
  tokensPerRepositoryPerDay: z.number().int().positive().default(2_000_000),
  tokensPerDay: z.number().int().positive().default(5_000_000),
  /** By the prices of the models; absent: no limit in money. */
  usdPerDay: z.number().positive().optional(),
});

const routingSchema = z.strictObject({
  /** `difficulty`: the cheapest first, for hard problems the strong ones first; `cost`: always the cheapest; `order`: as listed. */
  prefer: z.enum(['difficulty', 'cost', 'order']).default('difficulty'),
  /** Incidents that only in-house models may see: by service or by source, `*` matches any part. Repositories have `models: local`. */
  localOnly: z
    .strictObject({ services: z.array(z.string().min(1)).default([]), sources: z.array(z.string().min(1)).default([]) })
    .prefault({}),
});

const toolsSchema = z.strictObject({
  /** Answers with tool calls for one incident and model, until it has to diagnose with what it has seen. */
  maxSteps: z.number().int().min(1).max(200).default(20),
  /** Prompts and answers of those steps together. */
  maxTokens: z.number().int().min(1_000).default(150_000),
});

const transcriptsSchema = z.strictObject({
  /** Prompts and answers are kept, redacted, for so long; 0 keeps none. */
  keepDays: z.number().int().min(0).max(3_650).default(30),
  /** All of them together, compressed; the oldest go first. */
  maxBytes: z
    .number()
    .int()
    .min(0)
    .default(256 * 1024 ** 2),
});

type Demands = Pick<ModelEndpoint, 'provider' | 'baseUrl' | 'model' | 'key' | 'contextTokens' | 'maxOutputTokens'>;

function checkEndpoint(value: Demands, context: z.RefinementCtx): void {
  const demand = (path: 'baseUrl' | 'model' | 'key', why: string): void => {
    if (value[path] === undefined) context.addIssue({ code: 'custom', path: [path], message: why });
  };
  if (value.provider === 'openai-compatible') demand('baseUrl', 'is needed: the address of the server, such as http://127.0.0.1:8080/v1');
  if (value.provider === 'openai-compatible' || value.provider === 'ollama' || value.provider === 'anthropic')
    demand('model', `is needed with provider ${value.provider}`);
  if (value.provider === 'anthropic') demand('key', 'is needed: the name of the secret that holds the API key');
  if (value.maxOutputTokens * 2 > value.contextTokens)
    context.addIssue({ code: 'custom', path: ['maxOutputTokens'], message: 'must be at most half of contextTokens' });
}

export const modelConfigurationSchema = z
  .strictObject({
    /** `auto`: a local Ollama if one answers, otherwise builtin. Nothing hosted is called unless it is named here or under `models`. */
    provider: z.enum(modelProviders).default('auto'),
    ...endpointShape,
    budget: budgetSchema.prefault({}),
    routing: routingSchema.prefault({}),
    tools: toolsSchema.prefault({}),
    transcripts: transcriptsSchema.prefault({}),
  })
  .superRefine(checkEndpoint);

const modelEntrySchema = z
  .strictObject({
    /** For people, budgets and `hephaestusctl models`. */
    name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,59}$/, 'must be lower-case letters, digits, dots, dashes and underscores'),
    provider: z.enum(['ollama', 'openai-compatible', 'anthropic']),
    ...endpointShape,
  })
  .superRefine(checkEndpoint);

/** Several models; the router chooses among them, and what is said of one under `model:` is not used. */
export const modelEntriesSchema = z.array(modelEntrySchema).superRefine((entries, context) => {
  for (const [index, { name }] of entries.entries())
    if (entries.findIndex((other) => other.name === name) < index)
      context.addIssue({ code: 'custom', path: [index, 'name'], message: `is used twice ('${name}'); names are unique` });
});

export type ModelConfiguration = z.output<typeof modelConfigurationSchema>;
export type ModelEntry = z.output<typeof modelEntrySchema>;
/** One model as configured. */
export type ModelEndpoint = Omit<ModelEntry, 'provider'> & { readonly provider: (typeof modelProviders)[number] };

/** The models to route among, in the order of the configuration; none where patterns alone are wanted. */
export function endpointsOf(configuration: ModelConfiguration, entries: readonly ModelEntry[]): readonly ModelEndpoint[] {
  if (entries.length > 0) return entries;
  return configuration.provider === 'builtin' ? [] : [{ ...configuration, name: configuration.provider }];
}

/** The address to call; undefined only for builtin. */
export function baseUrlOf(configuration: Pick<ModelEndpoint, 'provider' | 'baseUrl'>): string | undefined {
  if (configuration.baseUrl !== undefined) return configuration.baseUrl.replace(/\/+$/, '');
  if (configuration.provider === 'builtin' || configuration.provider === 'openai-compatible') return undefined;
  return defaultBaseUrls[configuration.provider];
}
