// Which revision of a service ran on which node at which time, and how sure that is.
// Must never do I/O or know a repository: whether a revision contains a fix is told from outside.

/** One revision that began to run. */
export interface Deployment {
  readonly service: string;
  readonly revision: string;
  /** Undefined: on every node of the service. */
  readonly nodeId: string | undefined;
  /** Unix milliseconds. */
  readonly atMs: number;
}

/** As it is kept; who recorded it is for people. */
export interface RecordedDeployment extends Deployment {
  /** ULID. */
  readonly id: string;
  readonly recordedBy: string;
}

export interface DeploymentStore {
  /** The latest one that was recorded for this very node. */
  latestOf(service: string, nodeId: string): Promise<RecordedDeployment | undefined>;
  /** The same revision on the same node at the same time is kept once; answers with what is kept. */
  record(deployment: RecordedDeployment): Promise<RecordedDeployment>;
  /** Latest first; `after` is the last one seen. */
  list(query: {
    readonly service: string | undefined;
    readonly limit: number;
    readonly after: { readonly atMs: number; readonly id: string } | undefined;
  }): Promise<readonly RecordedDeployment[]>;
}

/**
 * | certainty | when |
 * | --- | --- |
 * | stated | the log entry itself names the revision |
 * | recorded | the last deployment of this node was long enough ago that its old processes are gone |
 * | unsettled | a rollout reached this node just now: old and new may run beside each other |
 * | unknown | nothing says what runs there |
 */
export interface Attribution {
  readonly revision: string | undefined;
  readonly certainty: 'stated' | 'recorded' | 'unsettled' | 'unknown';
  /** Since the deployment that is in force; 0 where there is none. */
  readonly ageMs: number;
}

export interface SettlingTimes {
  /** After a deployment of one node: restarts, draining, clocks that differ. */
  readonly nodeMs: number;
  /** After a deployment recorded for the whole service, which rolls from node to node. */
  readonly serviceMs: number;
}

export const defaultSettling: SettlingTimes = { nodeMs: 15 * 60_000, serviceMs: 60 * 60_000 };

/** The deployments of one service, asked by node and time. */
export class RevisionTimeline {
  readonly #deployments: readonly Deployment[];
  readonly #settling: SettlingTimes;

  constructor(deployments: readonly Deployment[], settling: SettlingTimes = defaultSettling) {
    this.#deployments = deployments.toSorted((left, right) => left.atMs - right.atMs);
    this.#settling = settling;
  }

  /** @param stated the revision that the log entry names, if it does */
  attribute(nodeId: string, timeMs: number, stated?: string): Attribution {
    const current = this.#deployments.findLast(
      (deployment) => deployment.atMs <= timeMs && (deployment.nodeId === undefined || deployment.nodeId === nodeId),
    );
    const ageMs = current === undefined ? 0 : timeMs - current.atMs;
    if (stated !== undefined && stated !== '') return { revision: stated, certainty: 'stated', ageMs };
    if (current === undefined) return { revision: undefined, certainty: 'unknown', ageMs };
    const settlingMs = current.nodeId === undefined ? this.#settling.serviceMs : this.#settling.nodeMs;
    return { revision: current.revision, certainty: ageMs < settlingMs ? 'unsettled' : 'recorded', ageMs };
  }
}
