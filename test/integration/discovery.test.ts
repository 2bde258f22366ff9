// Statements about an agent without sources in its settings: it tails what its host has.
// Must never look at the real host; a folder stands for it.
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { effectiveSources } from '../../agent/discovered-sources.ts';
import { sourceSchema } from '../../agent/source-settings.ts';
import { AgentHarness, until } from '../support/agent-harness.ts';
import { ScriptedCoordinator } from '../support/scripted-coordinator.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function hostWith(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'hephaestus-host-'));
  closing.push(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

it('tails what is found, and follows it', async () => {
  const root = hostWith({ 'var/log/nginx/access.log': 'GET /\n', 'var/log/syslog': 'Nov 23 05:00:00 host cron[1]: hello\n' });
  const coordinator = await ScriptedCoordinator.start();
  closing.push(() => coordinator.kill());
  const harness = await AgentHarness.open({ address: coordinator.address, joinToken: coordinator.joinToken, hostRoot: root });
  closing.push(() => harness.close());
  await harness.configure({ sources: [] });
  harness.start();
  await until('both', () => coordinator.ledger.records === 2);
  appendFileSync(join(root, 'var/log/nginx/access.log'), 'GET /more\n');
  await until('what was appended', () => coordinator.ledger.allLines().includes('GET /more'));
  expect([...coordinator.ledger.services.keys()].toSorted()).toEqual(['nginx', 'syslog']);
});

it('discovers nothing where a source is listed, even a disabled one', () => {
  const root = hostWith({ 'var/log/nginx/access.log': 'GET /\n' });
  const listed = [sourceSchema.parse({ id: 'none', disabled: true })];
  expect(effectiveSources(listed, root)).toEqual({ sources: listed, places: [] });
});
