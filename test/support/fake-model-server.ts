// A model server on loopback that speaks Ollama's, OpenAI's and Anthropic's protocols and does as it is told, also badly.
// Must never be kinder than a real one: requests are kept as they came, for judging.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the server answers with: text, or a way of failing. */
export type FakeAnswer =
  | { readonly kind: 'text'; readonly text: string; readonly inputTokens?: number; readonly cut?: boolean }
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly words?: string }
  /** Calls tools. */
  | { readonly kind: 'calls'; readonly text?: string; readonly calls: readonly { readonly name: string; readonly input: unknown }[] }
  /** Sends the text again and again, until the other side hangs up. */
  | { readonly kind: 'endless'; readonly text: string }
  /** Accepts the request and never answers. */
  | { readonly kind: 'hang' }
  /** Sends half of the text, then drops the connection. */
  | { readonly kind: 'die'; readonly text: string }
  /** Bytes that are none of the protocol. */
  | { readonly kind: 'nonsense' }
  /** One answer or explanation without any end, not even of a line. */
  | { readonly kind: 'flood'; readonly status: number; readonly contentType: string }
  /** Thinks aloud, beside the answer, before it gives it. */
  | { readonly kind: 'thinks'; readonly thought: string; readonly text: string; readonly isEndless?: boolean }
  /** Ends its answer in the provider's word for a filter that broke in. */
  | { readonly kind: 'filtered'; readonly text: string };

export interface FakeRequest {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: unknown;
  /** System and all turns, joined. */
  readonly prompt: string;
  readonly hasSchema: boolean;
  /** What the model may call now. */
  readonly tools: readonly string[];
}

export interface FakeModelServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: FakeRequest[];
}

export function say(text: string): FakeAnswer {
  return { kind: 'text', text };
}

/** Answers the canary's questions as an honest server does; everything else goes to `answer`. */
export function withCanary(answer: (request: FakeRequest) => FakeAnswer): (request: FakeRequest) => FakeAnswer {
  return (request) => {
    if (!request.prompt.includes('You answer test questions.')) return answer(request);
    if (request.hasSchema) return say('{"colour":"umber","count":2}');
    if (request.tools.includes('report_colour')) return { kind: 'calls', calls: [{ name: 'report_colour', input: { colour: 'umber' } }] };
    return say(/code number is (\d+)/.exec(request.prompt)?.[1] ?? 'done');
  };
}

export async function startFakeModelServer(options: {
  readonly models: readonly string[];
  readonly answer: (request: FakeRequest) => FakeAnswer;
  /** What Ollama says of its models. */
  readonly shows?: Readonly<Record<string, unknown>>;
}): Promise<FakeModelServer> {
  const requests: FakeRequest[] = [];
  const server = createServer((incoming, outgoing) => {
    void handle(incoming, outgoing).catch(() => outgoing.destroy());
  });
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const body = (text === '' ? {} : JSON.parse(text)) as ChatBody;
    const path = incoming.url ?? '/';
    const turns = [body.system, ...(body.messages ?? []).map(({ content }) => wordsOf(content))].filter((part) => part !== undefined);
    const isForced = typeof body.tool_choice === 'object' && body.tool_choice.type === 'tool';
    const mayCall =
      body.tool_choice === undefined ||
      body.tool_choice === 'auto' ||
      (typeof body.tool_choice === 'object' && body.tool_choice.type === 'auto');
    const hasSchema = body.format !== undefined || body.response_format !== undefined || isForced;
    const request: FakeRequest = {
      path,
      method: incoming.method ?? '',
      headers: incoming.headers,
      body,
      prompt: turns.join('\n'),
      hasSchema,
      tools: mayCall ? (body.tools ?? []).map((tool) => tool.name ?? tool.function?.name ?? '') : [],
    };
    requests.push(request);
    if (request.method === 'GET') return list(outgoing, path, options.models);
    if (path === '/api/show') return show(outgoing, body.model ?? '', options.models, options.shows ?? {});
    const answer = options.answer(request);
    if (answer.kind === 'hang') return;
    if (answer.kind === 'status') {
      outgoing.writeHead(answer.status, answer.headers ?? {});
      outgoing.end(JSON.stringify({ error: answer.words ?? `status ${answer.status}` }));
      return;
    }
    if (answer.kind === 'flood') {
      outgoing.writeHead(answer.status, { 'content-type': answer.contentType });
      return pour(outgoing, 'x'.repeat(65_536));
    }
    const protocol = path.startsWith('/api/') ? ollama : path.endsWith('/messages') ? anthropic : openAi;
    outgoing.writeHead(200, { 'content-type': protocol.contentType });
    if (answer.kind === 'nonsense') {
      outgoing.end('data: <html>not a model</html>\n\n');
      return;
    }
    if (answer.kind === 'endless') {
      outgoing.write(protocol.begin(10));
      return pour(outgoing, () => protocol.part(answer.text));
    }
    if (answer.kind === 'thinks') {
      outgoing.write(protocol.begin(100));
      if (answer.isEndless === true) return pour(outgoing, protocol.thought(answer.thought));
      outgoing.write(protocol.thought(answer.thought) + protocol.part(answer.text));
      outgoing.end(protocol.end({ input: Math.ceil(request.prompt.length / 4.2), output: 20 }, 'end'));
      return;
    }
    if (answer.kind === 'filtered') {
      outgoing.write(protocol.begin(100) + protocol.part(answer.text));
      outgoing.end(protocol.end({ input: 100, output: 20 }, 'filtered'));
      return;
    }
    if (answer.kind === 'calls') {
      outgoing.write(protocol.begin(100));
      if (answer.text !== undefined) outgoing.write(protocol.part(answer.text));
      outgoing.write(protocol.calls(answer.calls.map((call, index) => ({ ...call, id: `c${requests.length}-${index}` }))));
      outgoing.end(protocol.end({ input: Math.ceil(request.prompt.length / 4.2), output: 20 }, 'calls'));
      return;
    }
    const tokens = {
      input: ('inputTokens' in answer ? answer.inputTokens : undefined) ?? Math.ceil(request.prompt.length / 4.2),
      output: Math.ceil(answer.text.length / 4),
    };
    const half = Math.ceil(answer.text.length / 2);
    outgoing.write(protocol.begin(tokens.input));
    outgoing.write(protocol.part(answer.text.slice(0, half)));
    if (answer.kind === 'die') {
      setImmediate(() => outgoing.destroy());
      return;
    }
    outgoing.write(protocol.part(answer.text.slice(half)));
    outgoing.end(protocol.end(tokens, answer.cut === true ? 'cut' : 'end'));
  };
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** Sends the same again and again, until the other side hangs up. */
function pour(outgoing: ServerResponse, part: string | (() => string)): void {
  const more = (): void => {
    while (!outgoing.destroyed && outgoing.write(typeof part === 'string' ? part : part()));
  };
  outgoing.on('drain', more);
  more();
}

interface ChatBody {
  readonly system?: string;
  readonly model?: string;
  readonly messages?: readonly { readonly content: unknown }[];
  readonly format?: unknown;
  readonly response_format?: unknown;
  readonly tools?: readonly { readonly name?: string; readonly function?: { readonly name: string } }[];
  readonly tool_choice?: string | { readonly type: string };
}

/** Anthropic's content may be blocks: text, and results of calls. */
function wordsOf(content: unknown): string {
  if (!Array.isArray(content)) return typeof content === 'string' ? content : '';
  return (content as { text?: string; content?: string }[]).map((block) => block.text ?? block.content ?? '').join('\n');
}

interface FakeCall {
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
}

interface Protocol {
  readonly contentType: string;
  begin(inputTokens: number): string;
  part(text: string): string;
  thought(text: string): string;
  calls(calls: readonly FakeCall[]): string;
  end(tokens: { input: number; output: number }, why: 'end' | 'cut' | 'calls' | 'filtered'): string;
}

const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;

const finishes = { end: 'stop', cut: 'length', calls: 'tool_calls', filtered: 'content_filter' } as const;

const openAi: Protocol = {
  contentType: 'text/event-stream',
  begin: () => event({ choices: [{ index: 0, delta: { role: 'assistant' }, finish_reason: null }] }),
  part: (text) => event({ choices: [{ index: 0, delta: { content: text }, finish_reason: null }] }),
  thought: (text) => event({ choices: [{ index: 0, delta: { reasoning_content: text }, finish_reason: null }] }),
  // In parts, as servers send them.
  calls: (calls) =>
    calls
      .map(({ id, name, input }, index) => {
        const words = JSON.stringify(input);
        const part = (call: unknown): string => event({ choices: [{ index: 0, delta: { tool_calls: [call] }, finish_reason: null }] });
        return (
          part({ index, id, type: 'function', function: { name, arguments: words.slice(0, 5) } }) +
          part({ index, function: { arguments: words.slice(5) } })
        );
      })
      .join(''),
  end: ({ input, output }, why) =>
    event({ choices: [{ index: 0, delta: {}, finish_reason: finishes[why] }] }) +
    event({ choices: [], usage: { prompt_tokens: input, completion_tokens: output } }) +
    'data: [DONE]\n\n',
};

const anthropic: Protocol = {
  contentType: 'text/event-stream',
  begin: (inputTokens) =>
    event({ type: 'message_start', message: { usage: { input_tokens: inputTokens, output_tokens: 1 } } }) + event({ type: 'ping' }),
  part: (text) => event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
  thought: (text) =>
    event({ type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } }) +
    event({ type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: text } }),
  calls: (calls) =>
    calls
      .map(
        ({ id, name, input }, index) =>
          event({ type: 'content_block_start', index: index + 1, content_block: { type: 'tool_use', id, name, input: {} } }) +
          event({
            type: 'content_block_delta',
            index: index + 1,
            delta: { type: 'input_json_delta', partial_json: JSON.stringify(input) },
          }) +
          event({ type: 'content_block_stop', index: index + 1 }),
      )
      .join(''),
  end: ({ output }, why) =>
    event({
      type: 'message_delta',
      delta: { stop_reason: { end: 'end_turn', cut: 'max_tokens', calls: 'tool_use', filtered: 'refusal' }[why] },
      usage: { output_tokens: output },
    }) + event({ type: 'message_stop' }),
};

const moment = '2026-01-02T03:04:05Z';

const ollama: Protocol = {
  contentType: 'application/x-ndjson',
  begin: () => '',
  part: (text) => `${JSON.stringify({ model: 'fake', created_at: moment, message: { role: 'assistant', content: text }, done: false })}\n`,
  thought: (text) =>
    `${JSON.stringify({ model: 'fake', created_at: moment, message: { role: 'assistant', content: '', thinking: text }, done: false })}\n`,
  calls: (calls) =>
    `${JSON.stringify({
      model: 'fake',
      created_at: moment,
      message: { role: 'assistant', content: '', tool_calls: calls.map(({ name, input }) => ({ function: { name, arguments: input } })) },
      done: false,
    })}\n`,
  end: ({ input, output }, why) =>
    `${JSON.stringify({
      model: 'fake',
      created_at: moment,
      message: { role: 'assistant', content: '' },
      done: true,
      done_reason: why === 'cut' ? 'length' : 'stop',
      prompt_eval_count: input,
      eval_count: output,
    })}\n`,
};

function list(outgoing: ServerResponse, path: string, models: readonly string[]): void {
  outgoing.writeHead(200, { 'content-type': 'application/json' });
  if (path.startsWith('/api/tags'))
    outgoing.end(
      JSON.stringify({ models: models.map((name) => ({ name, model: name, modified_at: moment, size: 1, digest: 'x', details: {} })) }),
    );
  else outgoing.end(JSON.stringify({ data: models.map((id) => ({ id })), id: models[0] }));
}

function show(outgoing: ServerResponse, model: string, models: readonly string[], said: Readonly<Record<string, unknown>>): void {
  const isThere = models.includes(model.replace(/:latest$/, ''));
  outgoing.writeHead(isThere ? 200 : 404, { 'content-type': 'application/json' });
  outgoing.end(JSON.stringify(isThere ? said : { error: `model '${model}' not found` }));
}
