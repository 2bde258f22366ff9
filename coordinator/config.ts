// The coordinator's configuration file: its schema and defaults.
// Must never hold a secret: `secrets` names files.
import { z } from 'zod';
import { logLevels, logOutputs } from '../base/logger.ts';
import { durationSchema, sizeSchema } from '../base/quantities.ts';
import { detectionConfigurationSchema } from './incidents/detection-configuration.ts';
import { defaultRevisionFields } from './incidents/stated-revision.ts';
import { modelConfigurationSchema, modelEntriesSchema } from './model/model-configuration.ts';
import { operationalModes } from './nodes/operational-mode.ts';
import { operatorRoles } from './access/operator.ts';
import { repositoryDeclarationsSchema } from './repository/repository-configuration.ts';
import { sandboxConfigurationSchema, validationConfigurationSchema } from './solutions/sandbox-configuration.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;

const duration = durationSchema;
const size = sizeSchema;

const address = z
  .string()
  .regex(/^(?:\[[0-9A-Fa-f:.]+\]|[^\s:[\]]+):\d{1,5}$/, 'must be an address and port, such as 0.0.0.0:7443 or [::]:7443');

const source = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'must be letters, digits, dots, dashes and underscores'),
  service: z.string().default(''),
  file: z
    .strictObject({
      include: z.array(z.string().startsWith('/', 'must be absolute')).min(1),
      exclude: z.array(z.string().startsWith('/', 'must be absolute')).default([]),
      start: z.enum(['beginning', 'end']).default('end'),
      readCompressed: z.boolean().default(false),
      encoding: z.enum(['', 'utf-16le', 'utf-16be']).default(''),
    })
    .optional(),
  journal: z
    .strictObject({
      units: z.array(z.string()).default([]),
      identifiers: z.array(z.string()).default([]),
      directory: z.string().default(''),
    })
    .optional(),
  labels: z.record(z.string(), z.string()).default({}),
  maxBytesPerSecond: size.default(0),
});

export const coordinatorConfigurationSchema = z.strictObject({
  stateDirectory: z.string().startsWith('/', 'must be absolute').default('/var/lib/hephaestus'),
  /** For agents and operators alike. */
  listen: address.default('0.0.0.0:7443'),
  /** Names and addresses that the certificate is made for, beside hephaestus-coordinator and localhost. */
  names: z.array(z.string().regex(/^[A-Za-z0-9:.-]+$/, 'must be a host name or an IP address')).default([]),
  trustDomain: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,200}$/, 'must be lower-case letters, digits, dots, dashes and underscores')
    .default('hephaestus.local'),
  log: z.strictObject({ level: z.enum(logLevels).default('info'), output: z.enum(logOutputs).default('json') }).prefault({}),
  /** Metrics and health, without authentication: keep it on loopback or behind a firewall. */
  ops: z.strictObject({ listen: address.default('127.0.0.1:9464') }).prefault({}),
  certificates: z
    .strictObject({
      nodeLifetime: duration.default(dayMs),
      renewalGrace: duration.default(7 * dayMs),
      /** An authority of your own instead of the one that init makes; PEM, the certificate first, then those up to the root. */
      authority: z
        .strictObject({ certificate: z.string().startsWith('/', 'must be absolute'), key: z.string().startsWith('/', 'must be absolute') })
        .optional(),
      /** Trusted beside it, for the overlap when it changes; PEM. */
      alsoTrust: z.array(z.string().startsWith('/', 'must be absolute')).default([]),
    })
    .prefault({}),
  logs: z
    .strictObject({
      maxAge: duration.default(7 * dayMs),
      maxSize: size.default(2 * 1024 ** 3),
      /** Bytes that one agent may have under way. */
      credit: size.default(4 * 1024 ** 2),
    })
    .prefault({}),
  /** What one caller may ask for through the port; the local socket has no limits. */
  limits: z
    .strictObject({
      /** Of one address (IPv6: its /64) on average; five times as many at once. */
      callsPerSecond: z.number().int().min(1).default(500),
      /** First enrolments of one address; renewals don't count. */
      enrolmentsPerMinute: z.number().int().min(1).default(600),
      /** Watches and other streams of one operator at the same time. */
      watchesPerOperator: z.number().int().min(1).default(64),
      /** Streams of one node at the same time; it needs two, and more while it connects again. */
      streamsPerNode: z.number().int().min(2).default(8),
    })
    .prefault({}),
  /** Operators beside the administrator that init makes; `token` names the secret that holds the bearer token. */
  operators: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        role: z.enum(operatorRoles),
        token: z.string().min(1),
        /** Narrowed to these, by name; empty: all. */
        repositories: z.array(z.string().min(1)).default([]),
        /** Narrowed to nodes with all of these; empty: all. */
        nodeLabels: z.record(z.string(), z.string()).default({}),
      }),
    )
    .default([]),
  /** Unix socket for root on this host, who needs no token there; empty: none. Default `coordinator.sock` in the state directory. */
  localSocket: z.union([z.literal(''), z.string().startsWith('/', 'must be absolute')]).optional(),
  /** What a node is told that wasn't announced with settings of its own. Without sources, the agent's own file decides. */
  nodeDefaults: z
    .strictObject({
      mode: z.enum(operationalModes).default('suggest'),
      heartbeatInterval: duration.default(10_000),
      /** Absent: the agent's own file decides. */
      shipping: z.enum(['all', 'problems']).optional(),
      sources: z.array(source).default([]),
    })
    .prefault({}),
  /** No connection leaves this host: models, forges and git remotes elsewhere are refused by name. */
  offline: z.boolean().default(false),
  model: modelConfigurationSchema.prefault({}),
  models: modelEntriesSchema.default([]),
  /** What raises incidents beside errors, traces and known problems, and what keeps them few. */
  detection: detectionConfigurationSchema.prefault({}),
  repositories: repositoryDeclarationsSchema.default([]),
  /** Disk for the local copies of repositories. */
  mirrors: z
    .strictObject({
      /** Of all together; what was used longest ago goes first. */
      maxSize: size.default(20 * 1024 ** 3),
      maxIdle: duration.default(30 * dayMs),
      /** Of the file system; with less nothing is fetched or checked out. */
      leastFree: size.default(512 * 1024 ** 2),
    })
    .prefault({}),
  /** What happens after a change request was made. */
  following: z
    .strictObject({
      /** How often an open change request is looked at; webhooks tell sooner. */
      pollInterval: duration.refine((ms) => ms >= 100, 'must be at least 100ms').default(2 * minuteMs),
      /** How often it is judged whether a merged change works. */
      verdictInterval: duration.refine((ms) => ms >= 100, 'must be at least 100ms').default(10 * minuteMs),
      /** Of calling a change good that leaves `leastLeft` of its problem, or more. */
      errorProbability: z.number().gt(0).max(0.5).default(0.01),
      leastLeft: z.number().gt(0).max(1).default(0.25),
      /** Fields of log entries that name the revision which wrote them, the likeliest first. */
      revisionFields: z.array(z.string().min(1)).default([...defaultRevisionFields]),
      /** Traffic and occurrences are kept for so long. */
      keep: duration.default(180 * dayMs),
    })
    .prefault({}),
  /** Where forges' webhooks are taken; absent: nowhere, and change requests are polled. Put a proxy with TLS in front. */
  webhooks: z.strictObject({ listen: address }).optional(),
  secrets: z.record(z.string(), z.strictObject({ file: z.string().startsWith('/', 'must be absolute') })).default({}),
  sandbox: sandboxConfigurationSchema.prefault({}),
  validation: validationConfigurationSchema.prefault({}),
});

export type CoordinatorConfiguration = z.output<typeof coordinatorConfigurationSchema>;

/** `[::]:7443` → host and port. */
export function splitAddress(text: string): { readonly host: string; readonly port: number } {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
}
