// Brings a new authority to the nodes: connected ones are asked to renew, so many a second, and those behind are counted.
// Must never ask the whole fleet at once: each renewal costs a signature and a key.
import type { Clock } from '../../base/clock.ts';
import { createUlid } from '../../base/ulid.ts';
import type { Authorities, AuthorityCensus } from './authorities.ts';
import type { NodeManager } from './node-manager.ts';
import type { Node } from './node.ts';

const mostAtOnce = 20;
/** A node that didn't renew is asked again after this. */
const askAgainMs = 60_000;

export class AuthorityRollout implements AuthorityCensus {
  readonly #nodes: NodeManager;
  readonly #authorities: Authorities;
  readonly #clock: Clock;
  readonly #askedAtMs = new Map<string, number>();

  constructor(nodes: NodeManager, authorities: Authorities, clock: Clock) {
    this.#nodes = nodes;
    this.#authorities = authorities;
    this.#clock = clock;
  }

  /** Every second or so, while a rotation is under way. */
  tick(): void {
    if (this.#authorities.phase === 'single') {
      this.#askedAtMs.clear();
      return;
    }
    const nowMs = this.#clock.now();
    let asked = 0;
    for (const node of this.#behind()) {
      if (asked >= mostAtOnce) return;
      const session = this.#nodes.currentSession(node.id);
      const last = this.#askedAtMs.get(node.id) ?? Number.NEGATIVE_INFINITY;
      if (session === undefined || nowMs - last < askAgainMs) continue;
      this.#askedAtMs.set(node.id, nowMs);
      session.push({ kind: 'command', id: createUlid(nowMs), command: { kind: 'rotate-certificate' } });
      asked += 1;
    }
  }

  /** Nodes that the next step would leave behind. */
  leftBehind(): readonly string[] {
    return this.#behind().map(({ name }) => name);
  }

  /** Nodes that were seen at all. */
  get seen(): number {
    return this.#seen().length;
  }

  withoutTrust(authorityHash: string): readonly string[] {
    return this.#seen()
      .filter(({ certificateTrust }) => certificateTrust?.trusts.includes(authorityHash) !== true)
      .map(({ name }) => name);
  }

  signedByOthers(authorityHash: string): readonly string[] {
    return this.#seen()
      .filter(({ certificateTrust }) => certificateTrust?.issuer !== authorityHash)
      .map(({ name }) => name);
  }

  #behind(): readonly Node[] {
    const { next, current, phase, trustedHashes } = this.#authorities;
    if (phase === 'single') return [];
    const names = new Set([
      ...trustedHashes.flatMap((hash) => this.withoutTrust(hash)),
      ...(next === undefined ? this.signedByOthers(current.hash) : []),
    ]);
    return this.#seen().filter(({ name }) => names.has(name));
  }

  #seen(): readonly Node[] {
    return this.#nodes
      .listNodes({ statuses: [], labels: {}, nameContains: '' })
      .filter(({ certificateSerials }) => certificateSerials.length > 0);
  }
}
