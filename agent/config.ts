// The agent's settings: what may be written in its configuration file and, of these, what a coordinator may push.
// Must never read a file or the environment; main.ts and node-configuration.ts hand texts in.
import * as z from 'zod';
import { logLevels, logOutputs } from '../base/logger.ts';
import { parseCoordinatorAddress } from './session/coordinator-address.ts';
import { deployedServicesSchema } from './deployed-services.ts';
import { linearPatternSchema } from './linear-pattern-schema.ts';
import { sourceSchema } from './source-settings.ts';

const address = z.string().transform((text, context) => {
  const parsed = parseCoordinatorAddress(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: 'must be host:port, such as coordinator.example.org:7443 or [2001:db8::1]:7443' });
  return z.NEVER;
});

const listenAddress = z.string().transform((text, context) => {
  // Port 0 takes a free one, which a coordinator's address cannot.
  const parsed = parseCoordinatorAddress(text.replace(/:0$/, ':1'));
  if (parsed !== undefined) return { host: parsed.host, port: text.endsWith(':0') ? 0 : parsed.port };
  context.addIssue({ code: 'custom', message: 'must be host:port, such as 127.0.0.1:9464' });
  return z.NEVER;
});

const limitsSchema = z.strictObject({
  /** Of the whole process; above it the agent stops pulling until memory is free again. */
  maxMemoryBytes: z
    .int()
    .min(64 * 1024 * 1024)
    .optional(),
  /** Of one core, 0 to 1. */
  maxCpuShare: z.number().gt(0).max(1).optional(),
  /** Sent to the coordinator, after compression. */
  maxBytesPerSecond: z.int().min(1024).optional(),
  maxOpenFiles: z.int().min(16).optional(),
});

/** What is replaced before it leaves the host; docs/redaction.md. Known credentials are, unless it is off. */
const redactionSchema = z.strictObject({
  off: z.boolean().default(false),
  personalData: z.boolean().default(false),
  rules: z.array(z.strictObject({ name: z.string().min(1), pattern: linearPatternSchema })).default([]),
  allow: z.array(z.string()).default([]),
});

/** The settings that a coordinator may push; in the file they are the beginning that a push is laid over. */
const nodeShape = {
  log: z.strictObject({ level: z.enum(logLevels).optional(), output: z.enum(logOutputs).optional() }).prefault({}),
  operationalMode: z.enum(['observe', 'suggest', 'deploy']).optional(),
  heartbeatSeconds: z.number().min(0.2).max(600).optional(),
  /** Every record; or problems with what stood around them, and counts of the rest for each template and minute. Default all. */
  shipping: z.enum(['all', 'problems']).optional(),
  limits: limitsSchema.prefault({}),
  redaction: redactionSchema.optional(),
  sources: z
    .array(sourceSchema)
    .default([])
    .superRefine((sources, context) => {
      const seen = new Set<string>();
      for (const [index, { id }] of sources.entries()) {
        if (seen.has(id))
          context.addIssue({ code: 'custom', path: [index, 'id'], message: 'is the id of another source too; ids are unique' });
        seen.add(id);
      }
    }),
};

export const nodeSettingsSchema = z.strictObject(nodeShape);

export const agentConfigSchema = z.strictObject({
  /** host:port. */
  coordinator: address,
  /** Read once, when the host isn't enrolled; it may be removed afterwards. */
  joinTokenFile: z.string().min(1).optional(),
  /** Private: the node's key, positions, the last good configuration. */
  stateDirectory: z.string().min(1).default('/var/lib/hephaestus-agent'),
  /** /metrics, /healthz and /readyz; absent: no port is opened. It has no authentication, so keep it on loopback. */
  ops: z.strictObject({ listen: listenAddress }).optional(),
  /** A secret that all nodes share, at least 16 bytes, so that equal values get equal tokens on all; absent: each node makes its own. */
  redactionKeyFile: z.string().min(1).optional(),
  /** How the revision of each service on this host is found out, for the verdict on fixes. Only here: a coordinator can't push it. */
  deployments: deployedServicesSchema.default([]),
  /** Where a coordinator may have files and journals read by pushing sources; absent: everywhere but where the agent keeps its keys. Only here. */
  pushedFolders: z.array(z.string().regex(/^\//, 'must be an absolute path')).optional(),
  ...nodeShape,
});

export type AgentConfig = z.output<typeof agentConfigSchema>;
export type NodeSettings = z.output<typeof nodeSettingsSchema>;

/** The part of the file that a push can change. */
export function nodeSettingsOf({
  log,
  operationalMode,
  heartbeatSeconds,
  shipping,
  limits,
  redaction,
  sources,
}: AgentConfig): NodeSettings {
  return { log, operationalMode, heartbeatSeconds, shipping, limits, redaction, sources };
}

/**
 * A push laid over the file: what it sets wins, what it leaves out stays as in the file. Sources are joined by id, a pushed
 * one replaces the file's whole, and `disabled: true` switches one of the file's off. See docs/decisions/020.
 */
export function layOver(file: NodeSettings, pushed: NodeSettings): NodeSettings {
  const replaced = new Set(pushed.sources.map(({ id }) => id));
  return {
    log: { level: pushed.log.level ?? file.log.level, output: pushed.log.output ?? file.log.output },
    operationalMode: pushed.operationalMode ?? file.operationalMode,
    heartbeatSeconds: pushed.heartbeatSeconds ?? file.heartbeatSeconds,
    shipping: pushed.shipping ?? file.shipping,
    limits: {
      maxMemoryBytes: pushed.limits.maxMemoryBytes ?? file.limits.maxMemoryBytes,
      maxCpuShare: pushed.limits.maxCpuShare ?? file.limits.maxCpuShare,
      maxBytesPerSecond: pushed.limits.maxBytesPerSecond ?? file.limits.maxBytesPerSecond,
      maxOpenFiles: pushed.limits.maxOpenFiles ?? file.limits.maxOpenFiles,
    },
    redaction: pushed.redaction ?? file.redaction,
    sources: [...file.sources.filter(({ id }) => !replaced.has(id)), ...pushed.sources],
  };
}
