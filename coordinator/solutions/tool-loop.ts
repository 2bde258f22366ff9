// The loop in which a strong model looks around by itself: it calls tools, gets their results, until it knows enough or a limit is reached.
// Must never run without limits on steps and tokens, or let a call do more than its tool does.
import type { ToolCall, ToolDefinition, Turn } from '../model/model.ts';
import { estimateTokens } from '../model/model.ts';
import type { ExchangeOutcome } from '../model/model-service.ts';

export interface ToolLimits {
  /** Answers with calls. */
  readonly maxSteps: number;
  /** Prompts and answers of all steps. */
  readonly maxTokens: number;
}

export interface Toolbox {
  readonly definitions: readonly ToolDefinition[];
  /** Never throws for what the model wrote: its mistakes are results. */
  run(call: ToolCall): Promise<string>;
}

export interface ExploreOptions {
  readonly ask: (say: readonly Turn[], isFirst: boolean) => Promise<ExchangeOutcome>;
  readonly begin: string;
  readonly toolbox: Toolbox;
  readonly limits: ToolLimits;
  /** What a prompt may have. */
  readonly roomTokens: number;
  /** What the budgets leave. */
  readonly tokensLeft: () => Promise<number>;
  readonly onProgress: (event: string) => void;
}

export type ExploreOutcome = { readonly kind: 'done'; readonly steps: number } | { readonly kind: 'unavailable'; readonly reason: string };

/** Of the room: the rest is for the diagnosis, the edits and repairs. */
const shareOfRoom = 0.75;
/** Calls in one answer that are carried out. */
const mostCalls = 8;
/** The same call again tells nothing new; a model that goes on like that is stopped. */
const mostRepetitions = 3;
/** Exchanges of about the present size that have to stay payable: diagnosis, edits and a repair. */
const exchangesToCome = 3;

export async function explore(options: ExploreOptions): Promise<ExploreOutcome> {
  const { ask, toolbox, onProgress } = options;
  const seen = new Map<string, number>();
  let say: readonly Turn[] = [{ role: 'user', content: options.begin }];
  let spent = 0;
  for (let step = 1; ; step += 1) {
    const outcome = await ask(say, step === 1);
    if (outcome.kind === 'unavailable') return outcome;
    spent += outcome.tokens;
    if (outcome.calls.length === 0) return { kind: 'done', steps: step };
    const results: Turn[] = [];
    let repetitions = 0;
    for (const [index, call] of outcome.calls.entries()) {
      const key = JSON.stringify([call.name, call.input]);
      const times = (seen.get(key) ?? 0) + 1;
      seen.set(key, times);
      repetitions = Math.max(repetitions, times);
      onProgress(`${call.name} ${JSON.stringify(call.input)}`.slice(0, 120));
      const content = index >= mostCalls ? `Not carried out: more than ${mostCalls} calls in one answer.` : await toolbox.run(call);
      results.push({ role: 'tool', callId: call.id, name: call.name, content });
    }
    const size = outcome.tokens + estimateTokens(results.map(({ content }) => content).join(''));
    const setAside = outcome.setAside + Buffer.byteLength(results.map(({ content }) => content).join(''));
    const stop = await whyStop(options, { step, spent, size, setAside, repetitions });
    if (stop !== undefined) {
      // Every call needs its result before anything else is said; the last answer tells that it ends here.
      const last = await ask(
        [...results, { role: 'user', content: `${stop} Say in a few sentences what you know now; call no more tools.` }],
        false,
      );
      return last.kind === 'unavailable' ? last : { kind: 'done', steps: step };
    }
    say = results;
  }
}

async function whyStop(
  { limits, roomTokens, tokensLeft }: ExploreOptions,
  now: { readonly step: number; readonly spent: number; readonly size: number; readonly setAside: number; readonly repetitions: number },
): Promise<string | undefined> {
  if (now.step >= limits.maxSteps) return `Those were ${limits.maxSteps} steps, which is all that you have.`;
  if (now.spent + now.size > limits.maxTokens) return `Those were about ${now.spent} tokens, and ${limits.maxTokens} is all that you have.`;
  if (now.size > roomTokens * shareOfRoom) return 'There is no room for more results.';
  if (now.repetitions > mostRepetitions) return 'You call the same again and again.';
  // What is asked last has to be set aside at its most while the others were paid for as they were counted.
  if (now.size * exchangesToCome + now.setAside * 1.5 > (await tokensLeft())) return 'The budget leaves just enough for an answer.';
  return undefined;
}
