// Anthropic's messages API, and gateways that speak it.
// Must never be called unless the operator named it: prompts leave the house.
import type { Secret } from '../../../base/secret.ts';
import { numberAt, openAnswer, readEvents, readObject, textAt } from '../http-stream.ts';
import { ModelError, type Completion, type CompletionRequest, type TextModel } from '../model.ts';

export interface AnthropicOptions {
  /** Without `/v1`. */
  readonly baseUrl: string;
  readonly key: Secret;
  readonly model: string;
}

/** The API's version, which fixes the shapes used here (docs.anthropic.com/en/api/versioning). */
const apiVersion = '2023-06-01';
/** A forced tool is how this API constrains an answer to a schema. */
const answerTool = 'answer';

export function createAnthropicModel(options: AnthropicOptions): TextModel {
  const headers = { 'x-api-key': options.key.reveal(), 'anthropic-version': apiVersion };
  return {
    provider: 'anthropic',
    model: options.model,
    async complete(request) {
      const url = `${options.baseUrl}/v1/messages`;
      const body = {
        model: options.model,
        max_tokens: request.maxOutputTokens,
        temperature: request.temperature,
        system: request.system,
        messages: request.turns,
        stream: true,
        ...(request.schema === undefined
          ? {}
          : {
              tools: [{ name: answerTool, description: 'Gives the answer.', input_schema: request.schema }],
              tool_choice: { type: 'tool', name: answerTool },
            }),
      };
      const response = await openAnswer({ url, method: 'POST', headers, body, signal: request.signal });
      return readStream(response, url, request);
    },
    async probe(signal) {
      const url = `${options.baseUrl}/v1/models/${encodeURIComponent(options.model)}`;
      await openAnswer({ url, method: 'GET', headers, body: undefined, signal });
    },
  };
}

async function readStream(response: Response, url: string, request: CompletionRequest): Promise<Completion> {
  let text = '';
  let inputTokens = 0;
  let outputTokens = 0;
  let stopReason: string | undefined;
  let isComplete = false;
  for await (const data of readEvents(response, url)) {
    const event = readObject(data, url);
    switch (textAt(event, 'type')) {
      case 'message_start':
        inputTokens = numberAt(event, 'message', 'usage', 'input_tokens') ?? 0;
        break;
      case 'content_block_delta':
        text += textAt(event, 'delta', 'text') ?? textAt(event, 'delta', 'partial_json') ?? '';
        request.onProgress?.(text.length);
        break;
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
        // Pings, block boundaries, and events that newer servers add.
        break;
    }
  }
  if (!isComplete) throw new ModelError('broken-answer', 'the model server died in mid-answer');
  if (stopReason === 'refusal') throw new ModelError('refused', 'the model declined to answer');
  return { text, inputTokens, outputTokens, stopped: stopReason === 'max_tokens' ? 'length' : 'end' };
}
