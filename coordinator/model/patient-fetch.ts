// Lets a request wait as long as its own signal does. Node's fetch gives up on its own after 300 s without a byte (undici's headersTimeout
// and bodyTimeout), and a model on a CPU reads a long prompt for longer. Must never make a request wait without a signal.

/** Where undici keeps the agent that fetch uses, in Node and in the package alike (undici, lib/global.js). */
const agentKey = Symbol.for('undici.globalDispatcher.1');

const patient = makeAgent({ headersTimeout: 0, bodyTimeout: 0 });

/** The same request without limits but its signal's; as it was where the runtime has no agent to copy. */
export function withPatience(init: RequestInit & { readonly signal: AbortSignal }, agent = patient): RequestInit {
  return agent === undefined ? init : { ...init, dispatcher: agent };
}

/** An agent of the kind that fetch uses, with other limits in milliseconds; 0 is none. */
export function makeAgent(limits: { readonly headersTimeout: number; readonly bodyTimeout: number }): RequestInit['dispatcher'] {
  // Node sets its agent up when the first of fetch's classes is used.
  const { headers } = new Response();
  const agent: unknown = headers instanceof Headers ? Reflect.get(globalThis, agentKey) : undefined;
  if (typeof agent !== 'object' || agent === null || typeof agent.constructor !== 'function') return undefined;
  return Reflect.construct(agent.constructor, [limits]) as RequestInit['dispatcher'];
}
