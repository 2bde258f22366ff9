// The `sandbox:` and `validation:` sections of the coordinator's configuration.
// Must never default to running commands unconfined.
import { z } from 'zod';
import { defaultSandboxOptions } from './sandbox.ts';
import { defaultValidationLimits } from './validator.ts';

const megabyte = 1024 ** 2;

export const sandboxConfigurationSchema = z.strictObject({
  /** `none-by-my-choice` runs a repository's commands as the coordinator's user, with its network and files. */
  isolation: z.enum(['bubblewrap', 'none-by-my-choice']).default(defaultSandboxOptions.isolation),
  /** Further folders that commands may read, such as package caches or tool chains. */
  readOnlyPaths: z.array(z.string().startsWith('/', 'must be absolute')).default([]),
  maxMemoryBytes: z
    .number()
    .int()
    .min(64 * megabyte)
    .default(defaultSandboxOptions.maxMemoryBytes),
  maxProcesses: z.number().int().min(8).default(defaultSandboxOptions.maxProcesses),
  maxFileBytes: z.number().int().min(megabyte).default(defaultSandboxOptions.maxFileBytes),
  maxOutputBytes: z.number().int().min(megabyte).default(defaultSandboxOptions.maxOutputBytes),
});

export type SandboxConfiguration = z.output<typeof sandboxConfigurationSchema>;

const timeout = (defaultMs: number): z.ZodDefault<z.ZodNumber> => z.number().int().min(1_000).max(86_400_000).default(defaultMs);

export const validationConfigurationSchema = z.strictObject({
  setupTimeoutMs: timeout(defaultValidationLimits.setupTimeoutMs),
  buildTimeoutMs: timeout(defaultValidationLimits.buildTimeoutMs),
  testTimeoutMs: timeout(defaultValidationLimits.testTimeoutMs),
  reproduceTimeoutMs: timeout(defaultValidationLimits.reproduceTimeoutMs),
  /** How many changes that hold are compared where time and the model's budget allow it; 1 takes the first. */
  candidates: z.number().int().min(1).max(8).default(defaultValidationLimits.candidates),
});

export type ValidationConfiguration = z.output<typeof validationConfigurationSchema>;
