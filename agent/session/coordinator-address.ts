// Where the coordinator listens: `host:port`, with IPv6 in brackets.
// Must never resolve names; the connection does.

export interface CoordinatorAddress {
  readonly host: string;
  readonly port: number;
}

/** The name that every coordinator's certificate carries, whatever address leads to it, so that addresses may change. */
export const coordinatorName = 'hephaestus-coordinator';

/** Undefined if the text is no `host:port`. */
export function parseCoordinatorAddress(text: string): CoordinatorAddress | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

export function showCoordinatorAddress({ host, port }: CoordinatorAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
