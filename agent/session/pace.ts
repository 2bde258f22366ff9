// How much of the credit is used: as much as comes back acknowledged in good time, so that heartbeats never wait behind bulk.
// Must never do I/O or read a clock; log-stream.ts tells it what happened.

export interface PaceOptions {
  /** The coordinator's credit. */
  readonly mostBytes: number;
}

export interface Pace {
  /** Whether more may be put under way beside so many bytes. */
  allows(inFlightBytes: number): boolean;
  /** A batch of that size was acknowledged so long after it was added. */
  observe(costBytes: number, latencyMs: number): void;
  readonly limitBytes: number;
}

/** A slow link has at least so much under way: a quarter second at 1 MB/s. */
const leastBytes = 256 * 1024;
/** A session begins with this, before anything is known of the link. */
const firstBytes = 1024 * 1024;
/** Up to here more is tried: a far coordinator's round trip and a group commit take 100 ms each. */
const goodMs = 500;
/** A heartbeat that waits behind bulk waits about as long as bulk takes to be acknowledged; a second is the bound (DESIGN section 5). */
const slowMs = 1000;

/**
 * Grows by what was acknowledged in good time (doubling in each round trip) and halves when acknowledgements take more than
 * a second, at most once for each limit's worth of bytes, so that one slow moment counts once.
 */
export function createPace({ mostBytes }: PaceOptions): Pace {
  const floorBytes = Math.min(leastBytes, mostBytes);
  let limitBytes = Math.min(firstBytes, mostBytes);
  let sinceCutBytes = Number.POSITIVE_INFINITY;
  return {
    allows: (inFlightBytes) => inFlightBytes < limitBytes,
    observe(costBytes, latencyMs) {
      sinceCutBytes += costBytes;
      if (latencyMs <= goodMs) {
        limitBytes = Math.min(mostBytes, limitBytes + costBytes);
      } else if (latencyMs > slowMs && sinceCutBytes > limitBytes) {
        limitBytes = Math.max(floorBytes, limitBytes / 2);
        sinceCutBytes = 0;
      }
    },
    get limitBytes() {
      return limitBytes;
    },
  };
}
