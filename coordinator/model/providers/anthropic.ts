// Anthropic's messages API, and gateways that speak it.
// Must never be called unless the operator named it: prompts leave the house.
import type { Secret } from '../../../base/secret.ts';
import { createAnswerGuard } from '../answer-guard.ts';
import { numberAt, openAnswer, readEvents, readObject, textAt, valueAt, type Fetch } from '../http-stream.ts';
import { ModelError, nothingSaid, type Completion, type CompletionRequest, type TextModel, type ToolCall, type Turn } from '../model.ts';

export interface AnthropicOptions {
  /** Without `/v1`. */
  readonly baseUrl: string;
  readonly key: Secret;
  readonly model: string;
  readonly fetch?: Fetch | undefined;
}

/** The API's version, which fixes the shapes used here (docs.anthropic.com/en/api/versioning). */
const apiVersion = '2023-06-01';
/** A forced tool is how this API constrains an answer to a schema. */
const answerTool = 'answer';

export function createAnthropicModel(options: AnthropicOptions): TextModel {
  const headers = { 'x-api-key': options.key.reveal(), 'anthropic-version': apiVersion };
  // Learnt once: some models take no temperature.
  let takesTemperature = true;
  const ask = async (request: CompletionRequest): Promise<Completion> => {
    const url = `${options.baseUrl}/v1/messages`;
    const body = writeBody(options.model, request, takesTemperature);
    const response = await openAnswer({ url, method: 'POST', headers, body, signal: request.signal, fetch: options.fetch });
    return readStream(response, url, options.model, request);
  };
  return {
    provider: 'anthropic',
    model: options.model,
    async complete(request) {
      try {
        return await ask(request);
      } catch (error) {
        const isAboutTemperature = error instanceof ModelError && error.reason === 'bad-request' && error.message.includes('temperature');
        if (!isAboutTemperature || !takesTemperature) throw error;
        takesTemperature = false;
        return ask(request);
      }
    },
    async probe(signal) {
      const url = `${options.baseUrl}/v1/models/${encodeURIComponent(options.model)}`;
      await openAnswer({ url, method: 'GET', headers, body: undefined, signal, fetch: options.fetch });
      return { ...nothingSaid, callsTools: true };
    },
  };
}

function writeBody(model: string, request: CompletionRequest, takesTemperature: boolean): Record<string, unknown> {
  const { schema, tools } = request;
  const definitions = (tools?.definitions ?? []).map(({ name, description, parameters }) => ({
    name,
    description,
    input_schema: parameters,
  }));
  const answer = schema === undefined ? [] : [{ name: answerTool, description: 'Gives the answer.', input_schema: schema }];
  const choice = schema !== undefined ? { type: 'tool', name: answerTool } : { type: tools?.mayCall === true ? 'auto' : 'none' };
  return {
    model,
    max_tokens: request.maxOutputTokens,
    ...(takesTemperature ? { temperature: request.temperature } : {}),
    system: request.system,
    messages: writeTurns(request.turns),
    stream: true,
    ...(definitions.length + answer.length === 0 ? {} : { tools: [...definitions, ...answer], tool_choice: choice }),
  };
}

interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: string | Record<string, unknown>[];
}

/** Results of calls, and what the user says after them, are one message. */
function writeTurns(turns: readonly Turn[]): readonly Message[] {
  const messages: Message[] = [];
  for (const turn of turns) {
    const last = messages.at(-1);
    const results = last?.role === 'user' && typeof last.content !== 'string' ? last.content : undefined;
    if (turn.role === 'tool') {
      const result = { type: 'tool_result', tool_use_id: turn.callId, content: turn.content };
      if (results === undefined) messages.push({ role: 'user', content: [result] });
      else results.push(result);
    } else if (turn.role === 'user') {
      if (results === undefined) messages.push({ role: 'user', content: turn.content });
      else results.push({ type: 'text', text: turn.content });
    } else if (turn.calls === undefined || turn.calls.length === 0) messages.push({ role: 'assistant', content: turn.content });
    else {
      const text = turn.content === '' ? [] : [{ type: 'text', text: turn.content }];
      const calls = turn.calls.map(({ id, name, input }) => ({
        type: 'tool_use',
        id,
        name,
        input: typeof input === 'object' ? input : {},
      }));
      messages.push({ role: 'assistant', content: [...text, ...calls] });
    }
  }
  return messages;
}

async function readStream(response: Response, url: string, model: string, request: CompletionRequest): Promise<Completion> {
  const guard = createAnswerGuard(model, request);
  const blocks: { id: string; name: string; text: string }[] = [];
  let received = '';
  let inputTokens = 0;
  let outputTokens = 0;
  let stopReason: string | undefined;
  let isComplete = false;
  for await (const data of readEvents(response, url)) {
    const event = readObject(data, url);
    switch (textAt(event, 'type')) {
      case 'message_start':
        inputTokens = promptTokensOf(valueAt(event, 'message', 'usage'));
        break;
      case 'content_block_start': {
        const block = valueAt(event, 'content_block');
        if (textAt(block, 'type') === 'tool_use')
          blocks.push({ id: textAt(block, 'id') ?? '', name: textAt(block, 'name') ?? '', text: '' });
        else blocks.push({ id: '', name: '', text: textAt(block, 'text') ?? '' });
        break;
      }
      case 'content_block_delta': {
        const part = textAt(event, 'delta', 'text') ?? textAt(event, 'delta', 'partial_json') ?? '';
        const thought = textAt(event, 'delta', 'thinking') ?? '';
        const current = blocks.at(-1);
        if (current === undefined) blocks.push({ id: '', name: '', text: part });
        else current.text += part;
        received += part + thought;
        guard.check(received);
        break;
      }
      case 'message_delta':
        stopReason = textAt(event, 'delta', 'stop_reason') ?? stopReason;
        outputTokens = numberAt(event, 'usage', 'output_tokens') ?? outputTokens;
        break;
      case 'message_stop':
        isComplete = true;
        break;
      case 'error':
        throw new ModelError(
          'overloaded',
          `the model server failed in mid-answer: ${textAt(event, 'error', 'message') ?? 'no reason given'}`,
        );
      default:
        // Pings, ends of blocks, and events that newer servers add.
        break;
    }
  }
  if (!isComplete) throw new ModelError('broken-answer', 'the model server died in mid-answer');
  if (stopReason === 'refusal') throw new ModelError('declined', 'the model declined to answer this prompt');
  const calls = blocks.filter(({ name }) => name !== '' && name !== answerTool).map(readCall);
  const text = blocks
    .filter(({ name }) => name === '' || name === answerTool)
    // Before it calls the tool that holds the answer, a model may think aloud.
    .filter(({ name }, _index, all) => request.schema === undefined || name === answerTool || !all.some((one) => one.name === answerTool))
    .map((block) => block.text)
    .join('');
  const isCut = stopReason === 'max_tokens' || stopReason === 'model_context_window_exceeded';
  return { text, inputTokens, outputTokens, stopped: isCut ? 'length' : 'end', calls };
}

/** Tokens read from and written to the provider's cache are tokens of the prompt as well. */
function promptTokensOf(usage: unknown): number {
  const parts = ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'];
  return parts.reduce((sum, name) => sum + (numberAt(usage, name) ?? 0), 0);
}

function readCall({ id, name, text }: { id: string; name: string; text: string }, index: number): ToolCall {
  let input: unknown = {};
  try {
    input = text.trim() === '' ? {} : (JSON.parse(text) as unknown);
  } catch {
    // A call that was cut off: handed on as it is, and refused by the tool.
    input = text;
  }
  return { id: id === '' ? `call-${index}` : id, name, input };
}
