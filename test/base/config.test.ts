// A configuration is loaded whole or every mistake in it is named, each with its place and what to do.
// Must never depend on this machine's environment.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { configError, describeConfigProblem, loadConfig, parseConfig, type ConfigOutcome } from '../../base/config.ts';

const schema = z.strictObject({
  coordinator: z.strictObject({ address: z.string().min(1), port: z.int().min(1).max(65_535).default(7443) }),
  stateFolder: z.string().default('/var/lib/hephaestus'),
  log: z.strictObject({ level: z.enum(['debug', 'info']).default('info') }).prefault({}),
  sources: z
    .array(
      z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('file'), path: z.string(), maxBytes: z.int().optional() }),
        z.strictObject({ type: z.literal('journal') }),
      ]),
    )
    .default([]),
  labels: z.record(z.string(), z.string()).default({}),
  retry: z.union([z.literal('off'), z.strictObject({ attempts: z.int() })]).default('off'),
});

const good = 'coordinator:\n  address: forge.example:7443\n';

function problemsOf(outcome: ConfigOutcome<unknown>): string[] {
  return outcome.kind === 'invalid' ? outcome.problems.map(describeConfigProblem) : [];
}

function problems(text: string, environment: Record<string, string> = {}): string[] {
  return problemsOf(parseConfig([{ name: 'agent.yaml', text }], { schema, environment, environmentPrefix: 'HEPHAESTUS_AGENT' }));
}

function load(text: string, environment: Record<string, string> = {}): z.output<typeof schema> {
  const outcome = parseConfig([{ name: 'agent.yaml', text }], { schema, environment, environmentPrefix: 'HEPHAESTUS_AGENT' });
  if (outcome.kind === 'invalid') throw configError(outcome.problems);
  return outcome.config;
}

describe('a good configuration', () => {
  it('is typed and has its defaults', () => {
    expect(load(good)).toEqual({
      coordinator: { address: 'forge.example:7443', port: 7443 },
      stateFolder: '/var/lib/hephaestus',
      log: { level: 'info' },
      sources: [],
      labels: {},
      retry: 'off',
    });
  });

  it('has the same hash however it is written', () => {
    const hashes = [good, 'coordinator: { port: 7443, address: "forge.example:7443" } # short', 'log: {level: info}\n' + good].map(
      (text) => {
        const outcome = parseConfig([{ name: 'a', text }], { schema });
        return outcome.kind === 'loaded' ? outcome.hash : undefined;
      },
    );
    expect(new Set(hashes).size).toBe(1);
    expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
  });

  it('may use anchors', () => {
    expect(load(`${good}labels: &l { a: b }\n`).labels).toEqual({ a: 'b' });
    expect(load('coordinator: { address: &a host }\nstateFolder: *a\n').stateFolder).toBe('host');
  });
});

describe('mistakes', () => {
  it('are all shown at once, with line, path and what to do', () => {
    const text = [
      'coordinator:',
      '  adress: forge.example',
      '  port: 70000',
      'log:',
      '  level: loud',
      'sources:',
      '  - type: file',
      '    path: 7',
      '  - type: syslog',
      'retry: { attempts: many }',
      'stateFolder: [a]',
    ].join('\n');
    expect(problems(text)).toEqual([
      'agent.yaml:1: coordinator.address is missing; give it text',
      'agent.yaml:2: coordinator.adress is no setting; did you mean "address"?',
      'agent.yaml:3: coordinator.port must be at most 65535',
      'agent.yaml:5: log.level must be one of: debug, info',
      'agent.yaml:8: sources[0].path must be text, but is a number; put it in quotes',
      'agent.yaml:9: sources[1].type must be one of: file, journal',
      'agent.yaml:10: retry.attempts must be a number, but is text',
      'agent.yaml:11: stateFolder must be text, but is a list',
    ]);
  });

  it.each([
    ['coordinator: [\n', /^agent\.yaml:\d+: /],
    ['a: 1\na: 2\n', /^agent\.yaml:2: Map keys must be unique/],
    ['- a\n', /^agent\.yaml:1: must be a map/],
    ['just text', /^agent\.yaml:1: must be a map/],
    [`${good}stateFolder: *gone\n`, /alias|anchor/],
    ['', /^agent\.yaml(:1)?: coordinator is missing; give it a map of settings$/],
    ['coordinator:\n', /^agent\.yaml:1: coordinator must be a map of settings, but is nothing$/],
    [`${good}retry: sometimes\n`, /^agent\.yaml:3: retry must be off or a map of settings$/],
    [`${good}__proto__: { polluted: true }\n`, /__proto__ is no setting/],
    ['coordinator: { address: "" }\n', /^agent\.yaml:1: coordinator\.address must not be empty$/],
  ])('in %j are explained', (text, expected) => {
    expect(problems(text)[0]).toMatch(expected);
    expect({}).not.toHaveProperty('polluted');
  });

  it('never show a value, which may be a secret in the wrong place', () => {
    const secret = 'hunter2';
    const text = `coordinator: ${secret}\nlog: { level: ${secret} }\nsources: [{ type: ${secret} }]\nretry: ${secret}\n`;
    expect(problems(text).length).toBeGreaterThan(3);
    expect(problems(text).join('\n')).not.toContain(secret);
  });

  it('do not take forever in a file whose aliases multiply', () => {
    const layers = Array.from(
      { length: 12 },
      (_, i) =>
        `l${i}: &l${i} [${Array(10)
          .fill(i === 0 ? 'x' : `*l${i - 1}`)
          .join(', ')}]`,
    );
    expect(problems(layers.join('\n')).join('\n')).toMatch(/holds more than 100000 values/);
  });

  it('become one error that lists them', () => {
    const outcome = parseConfig([{ name: 'a.yaml', text: 'log: { level: x }' }], { schema });
    const error = configError(outcome.kind === 'invalid' ? outcome.problems : []);
    expect(error).toMatchObject({ code: 'config.invalid', kind: 'validation', retry: 'never' });
    expect(error.details.map(({ path }) => path)).toEqual(['coordinator', 'log.level']);
    expect(error.message).toContain('2 mistakes');
  });
});

describe('the environment', () => {
  it('overrides settings, whatever the case of their names', () => {
    const config = load(`${good}sources: [{ type: file, path: /a }]\n`, {
      HEPHAESTUS_AGENT__COORDINATOR__PORT: '1234',
      HEPHAESTUS_AGENT__STATE_FOLDER: '0123',
      HEPHAESTUS_AGENT__SOURCES__0__MAX_BYTES: '10',
      HEPHAESTUS_AGENT__SOURCES__1: '{ type: journal }',
      HEPHAESTUS_AGENT__LABELS__ROLE: 'web',
      HEPHAESTUS_COORDINATOR__PORT: 'not ours',
      HOME: '/root',
    });
    expect(config).toMatchObject({
      coordinator: { address: 'forge.example:7443', port: 1234 },
      stateFolder: '0123',
      sources: [{ type: 'file', path: '/a', maxBytes: 10 }, { type: 'journal' }],
      labels: { role: 'web' },
    });
  });

  it.each([
    ['HEPHAESTUS_AGENT__PROT', '1', /PROT: sets nothing: "PROT" is no setting; possible here: coordinator, /],
    ['HEPHAESTUS_AGENT__COORDINATOR__PORT', '[', /PORT: is not YAML/],
    ['HEPHAESTUS_AGENT__COORDINATOR__PORT', 'many', /PORT: coordinator\.port must be a number, but is text$/],
    ['HEPHAESTUS_AGENT__SOURCES__3__PATH', '/a', /sets entry 3 of a list that has 0/],
  ])('is told that %s=%s is wrong', (name, value, expected) => {
    expect(problems(good, { [name]: value })[0]).toMatch(expected);
  });
});

describe('files', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hephaestus-config-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('are merged with their fragments in order: maps joined, lists added, scalars replaced', async () => {
    const file = join(folder, 'agent.yaml');
    const fragmentsFolder = join(folder, 'conf.d');
    await mkdir(fragmentsFolder);
    await writeFile(file, `${good}sources: [{ type: journal }]\nlabels: { a: one }\n`);
    await writeFile(join(fragmentsFolder, '20-b.yaml'), 'labels: { a: three, b: two }\n');
    await writeFile(join(fragmentsFolder, '10-a.yml'), 'labels: { a: two }\nsources: [{ type: file, path: /x }]\n');
    await writeFile(join(fragmentsFolder, 'notes.txt'), '[[[');
    const outcome = await loadConfig({ file, fragmentsFolder, schema });
    expect(outcome).toMatchObject({
      kind: 'loaded',
      config: { labels: { a: 'three', b: 'two' }, sources: [{ type: 'journal' }, { type: 'file', path: '/x' }] },
    });
  });

  it('are named where a fragment is wrong', async () => {
    const file = join(folder, 'agent.yaml');
    await writeFile(file, good);
    await mkdir(join(folder, 'conf.d'));
    await writeFile(join(folder, 'conf.d', 'a.yaml'), '\n\nlog: { level: loud }\n');
    const outcome = await loadConfig({ file, fragmentsFolder: join(folder, 'conf.d'), schema });
    expect(problemsOf(outcome)).toEqual([`${join(folder, 'conf.d', 'a.yaml')}:3: log.level must be one of: debug, info`]);
  });

  it('that cannot be read are a problem with advice', async () => {
    expect(problemsOf(await loadConfig({ file: join(folder, 'absent.yaml'), schema }))[0]).toMatch(/no such file; create it/);
    expect(problemsOf(await loadConfig({ file: folder, schema }))[0]).toMatch(/is a folder/);
    await writeFile(join(folder, 'plain'), '');
    const outcome = await loadConfig({ file: join(folder, 'absent.yaml'), fragmentsFolder: join(folder, 'plain'), schema });
    expect(problemsOf(outcome)).toHaveLength(2);
  });
});
