// Serves one GGUF model: /api/… as Ollama does (what doesn't fit is cut silently), /v1/… as llama.cpp's server does (it is refused).
// Must never fake an answer: every token is inferred, and a schema is a grammar that the sampler obeys.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';

/** As much of node-llama-cpp as is used here. */
interface Library {
  getLlama(options: Record<string, unknown>): Promise<Llama>;
  readonly LlamaCompletion: new (options: { contextSequence: unknown }) => Completion;
}
interface Llama {
  loadModel(options: { modelPath: string }): Promise<Model>;
  createGrammarForJsonSchema(schema: unknown): Promise<unknown>;
}
interface Model {
  readonly trainContextSize: number;
  tokenize(text: string): number[];
  createContext(options: Record<string, unknown>): Promise<{ getSequence(): unknown }>;
}
interface Completion {
  generateCompletionWithMeta(
    input: readonly number[],
    options: Record<string, unknown>,
  ): Promise<{ readonly response: string; readonly metadata: { readonly stopReason: string } }>;
}

interface Asked {
  readonly messages: readonly { readonly content: string }[];
  readonly stream?: boolean;
  readonly format?: unknown;
  readonly options?: { readonly num_ctx?: number; readonly num_predict?: number };
  readonly response_format?: { readonly json_schema: { readonly schema: unknown } };
  readonly max_tokens?: number;
}

const [, , libraryPath = '', modelPath = ''] = process.argv;
const name = 'stories260k';
const library = (await import(pathToFileURL(libraryPath).href)) as Library;
// One thread: more of them wait for each other on a busy machine, a hundred times as long as they compute.
const llama = await library.getLlama({
  gpu: false,
  build: 'never',
  skipDownload: true,
  progressLogs: false,
  logLevel: 'error',
  maxThreads: 1,
});
const model = await llama.loadModel({ modelPath });
const size = model.trainContextSize;
const context = await model.createContext({ contextSize: size, batchSize: size, threads: 1 });
const completion = new library.LlamaCompletion({ contextSequence: context.getSequence() });
let turn: Promise<unknown> = Promise.resolve();

interface Inference {
  readonly tokens: readonly number[];
  readonly mostTokens: number;
  readonly schema: unknown;
  readonly signal: AbortSignal;
  readonly onText: (text: string) => void;
}

/** One at a time: there is one sequence. */
async function infer({ tokens, mostTokens, schema, signal, onText }: Inference): Promise<{ reason: string; output: number }> {
  const mine = turn.then(async () => {
    const grammar = schema === undefined ? undefined : await llama.createGrammarForJsonSchema(schema);
    const { response, metadata } = await completion.generateCompletionWithMeta(tokens, {
      maxTokens: mostTokens,
      temperature: 0,
      grammar,
      signal,
      stopOnAbortSignal: true,
      onTextChunk: onText,
    });
    return { reason: metadata.stopReason === 'maxTokens' ? 'length' : 'stop', output: model.tokenize(response).length };
  });
  turn = mine.catch(() => undefined);
  return mine;
}

async function ollama(asked: Asked, response: ServerResponse, signal: AbortSignal): Promise<void> {
  const { num_ctx: wanted = size, num_predict: most = 128 } = asked.options ?? {};
  const mostTokens = Math.min(most, size / 2);
  // The beginning goes, and nobody is told.
  const tokens = promptOf(asked).slice(-(Math.min(wanted, size) - mostTokens));
  const line = (value: unknown): void => void response.write(`${JSON.stringify(value)}\n`);
  const about = { model: name, created_at: '2026-01-01T00:00:00Z' };
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  const onText = (text: string): void => line({ ...about, message: { role: 'assistant', content: text }, done: false });
  const { reason, output } = await infer({ tokens, mostTokens, schema: asked.format, signal, onText });
  line({
    ...about,
    message: { role: 'assistant', content: '' },
    done: true,
    done_reason: reason,
    prompt_eval_count: tokens.length,
    eval_count: output,
  });
  response.end();
}

async function openAi(asked: Asked, response: ServerResponse, signal: AbortSignal): Promise<void> {
  const tokens = promptOf(asked);
  const mostTokens = Math.min(asked.max_tokens ?? 128, size / 2);
  if (tokens.length + mostTokens > size) {
    const message = `the request exceeds the available context size (${tokens.length + mostTokens} > ${size} tokens)`;
    response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { code: 400, message } }));
    return;
  }
  const event = (value: unknown): void => void response.write(`data: ${JSON.stringify(value)}\n\n`);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const onText = (text: string): void => event({ choices: [{ index: 0, delta: { content: text }, finish_reason: null }] });
  const { reason, output } = await infer({ tokens, mostTokens, schema: asked.response_format?.json_schema.schema, signal, onText });
  event({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });
  event({ choices: [], usage: { prompt_tokens: tokens.length, completion_tokens: output } });
  response.end('data: [DONE]\n\n');
}

function promptOf({ messages }: Asked): number[] {
  return model.tokenize(messages.map(({ content }) => content).join('\n'));
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const closed = new AbortController();
  response.on('close', () => closed.abort());
  const json = (value: unknown): void => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  const asked = (): Asked => JSON.parse(Buffer.concat(chunks).toString('utf8')) as Asked;
  switch (request.url) {
    case '/api/tags':
      return json({ models: [{ name, model: name, modified_at: '2026-01-01T00:00:00Z', size: 1, digest: 'x', details: {} }] });
    case '/api/show':
      return json({ capabilities: ['completion'], details: { parameter_size: '0.26M' }, model_info: {} });
    case '/api/chat':
      return ollama(asked(), response, closed.signal);
    case '/v1/models':
      return json({ data: [{ id: name }] });
    case '/v1/chat/completions':
      return openAi(asked(), response, closed.signal);
    default:
      response.writeHead(404).end();
  }
}

const server = createServer((request, response) => {
  void handle(request, response).catch((error: unknown) => {
    if (!response.destroyed) console.error(error);
    response.destroy();
  });
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
