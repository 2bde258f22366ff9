// Every connection that this program opens to others asks here first; in offline mode none leaves the host.
// Must never be asked only for some of them, or let a redirect lead past the question.
import { HephaestusError } from './errors.ts';

export interface Outbound {
  readonly isOffline: boolean;
  /**
   * @param address a URL, a path, or `host:path` as ssh writes it
   * @param purpose what for, as in "asking the model hosted"
   * @throws HephaestusError `offline.refused`, before a name is looked up or a socket opened
   */
  admit(address: string, purpose: string): void;
  /** As the global one, admitted; offline it follows no redirect. */
  readonly fetch: typeof globalThis.fetch;
}

export function createOutbound(options: { readonly offline: boolean }): Outbound {
  const admit = (address: string, purpose: string): void => {
    if (!options.offline || isOnThisHost(address)) return;
    throw new HephaestusError({
      code: 'offline.refused',
      kind: 'validation',
      message: `${purpose} needs ${hostOf(address)}, which is not this host, and \`offline: true\` in the coordinator's configuration keeps every connection on it`,
    });
  };
  return {
    isOffline: options.offline,
    admit,
    fetch: async (input, init) => {
      admit(input instanceof Request ? input.url : String(input), 'a request');
      const follows = options.offline && (init?.redirect === undefined || init.redirect === 'follow');
      return globalThis.fetch(input, follows ? { ...init, redirect: 'error' } : init);
    },
  };
}

/** True for loopback addresses by number, `localhost`, and paths: none of them needs a resolver. */
export function isOnThisHost(address: string): boolean {
  if (address.startsWith('/') || address.startsWith('file:///')) return true;
  const host = hostOf(address);
  return host === 'localhost' || host === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function hostOf(address: string): string {
  const asSshWritesIt = /^(?:[^@/\s]+@)?([\w.-]+):(?!\/\/)/.exec(address);
  if (asSshWritesIt?.[1] !== undefined && !/^https?:|^ssh:|^git:/.test(address)) return asSshWritesIt[1];
  return URL.canParse(address) ? new URL(address).hostname : address;
}
