// Counts of statements, and of which statement follows which in one request, for each service.
// Must never grow without bound: beyond its limits new names are left out.

/** One record, as far as rates are concerned. */
export interface Observation {
  readonly service: string;
  readonly statement: string;
  /** Records like it. */
  readonly count?: number | undefined;
  readonly request: string | undefined;
  /** At least as severe as an error. */
  readonly isError: boolean;
  /** An error that says that another service failed: an effect rather than a cause. */
  readonly blamesAnother: boolean;
}

export interface TallySnapshot {
  readonly counts: readonly (readonly [string, readonly (readonly [string, number])[]])[];
  readonly follows: readonly (readonly [string, readonly (readonly [string, readonly (readonly [string, number])[]])[]])[];
  readonly errors: readonly (readonly [string, readonly (readonly [string, boolean])[]])[];
}

export type Counts = Map<string, number>;

/** Stand for the beginning and the end of a request in a service. */
export const BEGINNING = '^';
export const END = '$';

const maxServices = 2_000;
const maxStatements = 1_000;
const maxRequests = 20_000;

export class Tally {
  /** Service to statement to count. */
  readonly counts = new Map<string, Counts>();
  /** Service to statement to the statements that came next in the same request. */
  readonly follows = new Map<string, Map<string, Counts>>();
  /** Service to its statements that are errors; true where they blame another service. */
  readonly errors = new Map<string, Map<string, boolean>>();
  private readonly lastOf = new Map<string, { readonly service: string; readonly statement: string }>();

  add({ service, statement, count = 1, request, isError, blamesAnother }: Observation): void {
    const counts = slot(this.counts, service, maxServices);
    if (counts === undefined || !increase(counts, statement, count)) return;
    if (isError) slot(this.errors, service, maxServices)?.set(statement, blamesAnother);
    if (request === undefined) return;
    const key = `${service}\n${request}`;
    const last = this.lastOf.get(key);
    if (last === undefined && this.lastOf.size >= maxRequests) return;
    this.follow(service, last?.statement ?? BEGINNING, statement, 1);
    this.lastOf.set(key, { service, statement });
  }

  /** Ends the requests that are open; an interval is over. */
  finish(): void {
    for (const { service, statement } of this.lastOf.values()) this.follow(service, statement, END, 1);
    this.lastOf.clear();
  }

  /** Takes over another one's counts, but for the services that `leaveOut` names. */
  merge(other: Tally, leaveOut: (service: string) => boolean): void {
    for (const [service, counts] of other.counts) {
      if (leaveOut(service)) continue;
      const own = slot(this.counts, service, maxServices);
      if (own !== undefined) for (const [statement, count] of counts) increase(own, statement, count);
      for (const [before, next] of other.follows.get(service) ?? [])
        for (const [statement, count] of next) this.follow(service, before, statement, count);
      const errors = other.errors.get(service);
      if (errors !== undefined) this.errors.set(service, new Map([...(this.errors.get(service) ?? []), ...errors]));
    }
  }

  /** Halves everything, so that what is long past weighs less; what becomes less than one is forgotten. */
  halve(): void {
    for (const counts of [...this.counts.values(), ...[...this.follows.values()].flatMap((map) => [...map.values()])]) {
      for (const [name, count] of counts) {
        if (count > 1) counts.set(name, count / 2);
        else counts.delete(name);
      }
    }
  }

  snapshot(): TallySnapshot {
    return {
      counts: [...this.counts].map(([service, counts]) => [service, [...counts]] as const),
      follows: [...this.follows].map(
        ([service, map]) => [service, [...map].map(([name, counts]) => [name, [...counts]] as const)] as const,
      ),
      errors: [...this.errors].map(([service, map]) => [service, [...map]] as const),
    };
  }

  restore(snapshot: TallySnapshot): void {
    this.counts.clear();
    this.follows.clear();
    this.errors.clear();
    for (const [service, counts] of snapshot.counts) this.counts.set(service, new Map(counts));
    for (const [service, map] of snapshot.follows) this.follows.set(service, new Map(map.map(([name, counts]) => [name, new Map(counts)])));
    for (const [service, map] of snapshot.errors) this.errors.set(service, new Map(map));
  }

  private follow(service: string, before: string, statement: string, count: number): void {
    let map = this.follows.get(service);
    if (map === undefined) this.follows.set(service, (map = new Map<string, Counts>()));
    let next = map.get(before);
    if (next === undefined) map.set(before, (next = new Map<string, number>()));
    increase(next, statement, count);
  }
}

export function totalOf(counts: Counts): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}

function slot<Value>(map: Map<string, Map<string, Value>>, key: string, limit: number): Map<string, Value> | undefined {
  let found = map.get(key);
  if (found === undefined && map.size < limit) map.set(key, (found = new Map<string, Value>()));
  return found;
}

function increase(counts: Counts, name: string, by: number): boolean {
  const before = counts.get(name);
  if (before === undefined && counts.size >= maxStatements) return false;
  counts.set(name, (before ?? 0) + by);
  return true;
}
