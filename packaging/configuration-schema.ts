// Makes the JSON Schemas of both configuration files, for editors and for checks before a roll-out.
// Must never describe what the programs don't accept: the schemas come from the ones that they validate with.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { agentConfigSchema } from '../agent/config.ts';
import { coordinatorConfigurationSchema } from '../coordinator/config.ts';

/** File name to schema (draft 2020-12), of what may be written, defaults not needed. */
export function configurationSchemas(): Readonly<Record<string, Record<string, unknown>>> {
  return {
    'agent.schema.json': describe(agentConfigSchema, 'Hephaestus agent: /etc/hephaestus/agent.yaml'),
    'coordinator.schema.json': describe(coordinatorConfigurationSchema, 'Hephaestus coordinator: /etc/hephaestus/coordinator.yaml'),
  };
}

function describe(schema: z.ZodType, title: string): Record<string, unknown> {
  return { ...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), title };
}

if (process.argv[1] === import.meta.filename) {
  const folder = join(import.meta.dirname, 'schema');
  mkdirSync(folder, { recursive: true });
  for (const [name, schema] of Object.entries(configurationSchemas()))
    writeFileSync(join(folder, name), `${JSON.stringify(schema, undefined, 2)}\n`);
}
