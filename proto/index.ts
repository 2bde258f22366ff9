// The only door to the wire: every message and service of hephaestus.v1, and the descriptors for reflection.
// Must never hold logic; translating to domain types is the job of the wire.ts files.
import { descriptorSetBase64 } from './gen/descriptor-set.ts';

// Each generated file declares this one; naming it once settles which.
export type { ServerStreamingMethodResult } from './gen/hephaestus/v1/agent.ts';
export * from './gen/hephaestus/v1/access.ts';
export * from './gen/hephaestus/v1/agent.ts';
export * from './gen/hephaestus/v1/common.ts';
export * from './gen/hephaestus/v1/configuration.ts';
export * from './gen/hephaestus/v1/deployment.ts';
export * from './gen/hephaestus/v1/detection.ts';
export * from './gen/hephaestus/v1/enrollment.ts';
export * from './gen/hephaestus/v1/incident.ts';
export * from './gen/hephaestus/v1/log.ts';
export * from './gen/hephaestus/v1/model.ts';
export * from './gen/hephaestus/v1/node.ts';
export * from './gen/hephaestus/v1/repository.ts';
export * from './gen/hephaestus/v1/solution.ts';
export * from './gen/hephaestus/v1/system.ts';

/** The FileDescriptorSet (binary) of everything above, for gRPC reflection. */
export function descriptorSet(): Uint8Array {
  return Buffer.from(descriptorSetBase64, 'base64');
}
