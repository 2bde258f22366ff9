// What Hephaestus may do by itself on a node.
// Must never decide anything; the ones who act ask for the mode.

/** `observe`: detect only. `suggest`: propose and wait for approval. `deploy`: open change requests when the gate passes. */
export const operationalModes = ['observe', 'suggest', 'deploy'] as const;

export type OperationalMode = (typeof operationalModes)[number];
