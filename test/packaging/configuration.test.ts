// The example configurations and the published schemas say what the programs really accept.
// Must never hold a copy of a schema.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { agentConfigSchema } from '../../agent/config.ts';
import { coordinatorConfigurationSchema } from '../../coordinator/config.ts';
import { configurationSchemas } from '../../packaging/configuration-schema.ts';

const packaging = join(import.meta.dirname, '..', '..', 'packaging');
const schemas = configurationSchemas();

/** Names of all settings, at every depth. */
function settingsOf(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(settingsOf);
  if (schema === null || typeof schema !== 'object') return [];
  const own = 'properties' in schema && typeof schema.properties === 'object' ? Object.keys(schema.properties ?? {}) : [];
  return [...own, ...Object.values(schema).flatMap(settingsOf)];
}

/** The example with everything that is commented out switched on: a comment whose line reads as a setting or an item of a list. */
function uncommented(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/^( *)# ( *(?:- )?(?:[a-z][A-Za-z-]*:(?: |$)|\{ ).*)$/, '$1$2'))
    .filter((line) => !/^ *#|^yaml-language-server/.test(line))
    .join('\n');
}

describe.each([
  ['agent', agentConfigSchema],
  ['coordinator', coordinatorConfigurationSchema],
] as const)('the example of the %s', (name, schema) => {
  const text = readFileSync(join(packaging, 'configuration', `${name}.yaml`), 'utf8');

  it('is accepted as it is', () => {
    expect(schema.safeParse(parse(text)).error?.issues ?? []).toEqual([]);
  });

  it('is accepted with everything switched on that it shows', () => {
    expect(schema.safeParse(parse(uncommented(text))).error?.issues ?? []).toEqual([]);
  });

  it('shows every setting', () => {
    const settings = new Set(settingsOf(schemas[`${name}.schema.json`]));
    expect(settings.size).toBeGreaterThan(10);
    const missing = [...settings].filter((setting) => !new RegExp(`\\b${setting}:`).test(text));
    expect(missing).toEqual([]);
  });

  it('has its published schema fresh (else: node packaging/configuration-schema.ts)', () => {
    const published = readFileSync(join(packaging, 'schema', `${name}.schema.json`), 'utf8');
    expect(JSON.parse(published)).toEqual(JSON.parse(JSON.stringify(schemas[`${name}.schema.json`])));
  });
});
