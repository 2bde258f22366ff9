// Each wall and each habit can be broken, and breaking it is noticed.
// Must never read the repository; check.ts does that.
import { describe, expect, it } from 'vitest';
import { findHabitViolations } from './habits.ts';
import { readModuleFacts } from './module-facts.ts';
import { findWallViolations } from './walls.ts';

const head = '// What it owns.\n// What it must never do.\n';

function judge(path: string, body: string): string[] {
  const facts = readModuleFacts(path, `${head}${body}\n`);
  return [...findWallViolations([facts]), ...findHabitViolations(facts)].map(({ message }) => message);
}

function judgeAll(files: Record<string, string>): string[] {
  return findWallViolations(Object.entries(files).map(([path, body]) => readModuleFacts(path, `${head}${body}\n`))).map(
    ({ path, message }) => `${path} ${message}`,
  );
}

describe('walls', () => {
  it.each([
    ['agent/compose.ts', '../coordinator/config.ts'],
    ['coordinator/compose.ts', '../agent/config.ts'],
    ['base/logger.ts', '../analysis/trace.ts'],
    ['analysis/formats/json.ts', '../../coordinator/logs/entry.ts'],
    ['agent/pipeline.ts', '../proto/index.ts'],
    ['agent/sources/file-source.ts', '../framing/lines.ts'],
    ['agent/framing/lines.ts', '../pipeline.ts'],
    ['agent/sources/file-source.ts', '../../proto/index.ts'],
    ['coordinator/nodes/node.ts', '../logs/entry.ts'],
    ['coordinator/nodes/node.ts', '../store/schema.ts'],
    ['coordinator/repository/mirror.ts', '../remote/remote.ts'],
    ['coordinator/store/schema.ts', '../api/server.ts'],
    ['coordinator/api/server.ts', '../store/schema.ts'],
    ['coordinator/cli/main.ts', '../nodes/node.ts'],
    ['coordinator/solutions/proposer.ts', '../model/providers/ollama.ts'],
    ['coordinator/solutions/publisher.ts', '../remote/github.ts'],
    ['coordinator/compose.ts', '../proto/index.ts'],
    ['coordinator/api/server.ts', '../../proto/gen/hephaestus/v1/agent.ts'],
    ['base/logger.ts', '../test/support/clock.ts'],
    ['coordinator/surprise/thing.ts', '../../base/errors.ts'],
  ])('stand between %s and %s', (path, specifier) => {
    expect(judge(path, `import { a } from '${specifier}';`)).toHaveLength(1);
    expect(judge(path, `import type { A } from '${specifier}';`)).toHaveLength(1);
    expect(judge(path, `export type { A } from '${specifier}';`)).toHaveLength(1);
    expect(judge(path, `export const a = await import('${specifier}');`)).toHaveLength(1);
    expect(judge(path, `export type A = import('${specifier}').A;`)).toHaveLength(1);
  });

  it.each([
    ['agent/compose.ts', './sources/file-source.ts'],
    ['agent/sources/file-source.ts', '../record.ts'],
    ['agent/framing/multiline.ts', '../../analysis/trace.ts'],
    ['agent/session/wire.ts', '../../proto/index.ts'],
    ['coordinator/solutions/proposer.ts', '../model/model.ts'],
    ['coordinator/store/nodes.ts', '../nodes/node.ts'],
    ['coordinator/api/wire.ts', '../../proto/index.ts'],
    ['test/agent/anything.ts', '../../coordinator/compose.ts'],
  ])('let %s import %s', (path, specifier) => {
    expect(judge(path, `import { a } from '${specifier}';`)).toEqual([]);
  });

  it('allow a package with an SDK in one file only', () => {
    const use = "import { pino } from 'pino';";
    expect(judgeAll({ 'base/logger.ts': use, 'test/base/logger.ts': use })).toEqual([]);
    expect(judgeAll({ 'base/logger.ts': use, 'coordinator/api/server.ts': use })).toEqual([
      'coordinator/api/server.ts imports pino, which base/logger.ts already does: one file an SDK',
    ]);
  });

  it('demand the file extension', () => {
    expect(judge('base/logger.ts', "import { a } from './errors';")).toHaveLength(1);
  });
});

describe('habits', () => {
  it.each([
    ['base/nodeManager.ts', ''],
    ['base/utils.ts', ''],
    ['agent/index.ts', ''],
    ['base/a.ts', 'export default 1;'],
    ['test/a.ts', 'export default 1;'],
    ['base/a.ts', 'let counter = 0;'],
    ['base/a.ts', 'export const cache = new Map();'],
    ['base/a.ts', 'const seen = [];'],
    ['base/a.ts', "export const home = () => process.env['HOME'];"],
    ['coordinator/api/a.ts', 'export const stop = () => process.exit(1);'],
    ['base/a.ts', "process.on('SIGTERM', () => undefined);"],
    ['base/a.ts', "import { env } from 'node:process';"],
    ['coordinator/api/a.ts', "import { ModelService } from '../model/model-service.ts';\nexport const a = () => new ModelService();"],
    ['base/a.ts', '// a line\n'.repeat(320)],
    ['test/a.test.ts', '// a line\n'.repeat(500)],
  ])('are broken in %s by %s', (path, body) => {
    expect(judge(path, body)).toHaveLength(1);
  });

  it.each([
    ['agent/main.ts', "process.on('SIGTERM', () => process.exit(Number(process.env['X'])));"],
    ['coordinator/compose.ts', "import { ModelService } from './model/model-service.ts';\nexport const a = () => new ModelService();"],
    ['base/a.ts', 'export const names = new Set(["a"]);\nexport const f = () => { let x = 0; return x + process.pid; };'],
    ['proto/index.ts', ''],
    ['base/a.ts', '// a line\n'.repeat(300)],
  ])('are kept in %s by %s', (path, body) => {
    expect(judge(path, body)).toEqual([]);
  });

  it.each([
    ['export const a = 1;\n'],
    ['// One line.\nexport const a = 1;\n'],
    ['#!/usr/bin/env node\n// One line.\nexport const a = 1;\n'],
  ])('demand two lines of comment before %j', (text) => {
    expect(findHabitViolations(readModuleFacts('base/a.ts', text)).length).toBeGreaterThan(0);
  });

  it('refuse what cannot be read', () => {
    expect(() => readModuleFacts('base/a.ts', 'const = ;')).toThrow(/cannot be parsed/);
  });
});
