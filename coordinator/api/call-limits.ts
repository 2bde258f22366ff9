// How much one caller may ask for: calls and enrolments of an address, streams of an operator or node at the same time.
// Must never keep more than a bounded number of addresses, nor limit the socket of this host.
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';

export interface CallLimitSettings {
  /** Calls of one address in a second, on average; five times as many at once. */
  readonly callsPerSecond: number;
  /** Enrolments of one address in a minute, that many at once. */
  readonly enrolmentsPerMinute: number;
  readonly watchesPerOperator: number;
  /** A node needs two; more while it connects again. */
  readonly streamsPerNode: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

const burstSeconds = 5;
const mostAddresses = 10_000;

export class CallLimits {
  readonly #settings: CallLimitSettings;
  readonly #clock: Clock;
  /** The address that called longest ago comes first. */
  readonly #calls = new Map<string, Bucket>();
  readonly #enrolments = new Map<string, Bucket>();
  readonly #streams = new Map<string, number>();

  constructor(settings: CallLimitSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** @param peer `ADDRESS:PORT`. @throws HephaestusError `call.limited` */
  call(peer: string): void {
    const { callsPerSecond } = this.#settings;
    const address = addressOf(peer);
    if (!this.#take(this.#calls, address, callsPerSecond / 1000, callsPerSecond * burstSeconds))
      throw limited(`${address} calls more than ${callsPerSecond} times a second; slow down, or raise limits.callsPerSecond`);
  }

  /** Of whoever has no certificate yet; renewals don't count. @throws HephaestusError `call.limited` */
  enrolment(peer: string): void {
    const { enrolmentsPerMinute } = this.#settings;
    const address = addressOf(peer);
    if (!this.#take(this.#enrolments, address, enrolmentsPerMinute / 60_000, enrolmentsPerMinute))
      throw limited(
        `${address} enrols more than ${enrolmentsPerMinute} times a minute; try again later, or raise limits.enrolmentsPerMinute`,
      );
  }

  /** @returns what gives the place free. @throws HephaestusError `call.limited` */
  stream(of: 'operator' | 'node', id: string): () => void {
    const most = of === 'operator' ? this.#settings.watchesPerOperator : this.#settings.streamsPerNode;
    const key = `${of} ${id}`;
    const open = this.#streams.get(key) ?? 0;
    if (open >= most) {
      const setting = of === 'operator' ? 'limits.watchesPerOperator' : 'limits.streamsPerNode';
      throw limited(`this ${of} has ${open} streams open, as many as it may; close one, or raise ${setting}`);
    }
    this.#streams.set(key, open + 1);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      const left = (this.#streams.get(key) ?? 1) - 1;
      if (left > 0) this.#streams.set(key, left);
      else this.#streams.delete(key);
    };
  }

  #take(buckets: Map<string, Bucket>, address: string, perMs: number, most: number): boolean {
    const nowMs = this.#clock.now();
    const known = buckets.get(address) ?? { tokens: most, atMs: nowMs };
    const tokens = Math.min(most, known.tokens + Math.max(0, nowMs - known.atMs) * perMs);
    buckets.delete(address);
    buckets.set(address, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs: nowMs });
    const [oldest] = buckets.keys();
    if (buckets.size > mostAddresses && oldest !== undefined) buckets.delete(oldest);
    return tokens >= 1;
  }
}

function limited(message: string): HephaestusError {
  return new HephaestusError({ code: 'call.limited', kind: 'operational', retry: 'safe', message });
}

/** Without the port; of IPv6 the network, since a host has 2⁶⁴ addresses in it. */
function addressOf(peer: string): string {
  const address = peer.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = address.toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  return `${[...left, ...Array.from({ length: zeros }, () => '0'), ...right].slice(0, 4).join(':')}::/64`;
}
