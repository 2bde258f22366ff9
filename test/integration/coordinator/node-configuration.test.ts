// Statements about hephaestusctl nodes configure: what is written as in the agent's file reaches the node, and its answer the terminal.
// Must never reach into the coordinator.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { OperationalMode, Shipping, type Configuration, type ControlResponse } from '../../../proto/index.ts';
import { readConfiguration } from '../../../agent/session/configuration-wire.ts';
import { stageCoordinator, type CoordinatorStage } from '../../support/coordinator-stage.ts';
import { ctl } from '../../support/operator-command.ts';

const everything = {
  log: { level: 'debug', output: 'json' },
  operationalMode: 'observe',
  heartbeatSeconds: 2.5,
  shipping: 'problems',
  limits: { maxMemoryBytes: 200_000_000, maxCpuShare: 0.5, maxBytesPerSecond: 100_000, maxOpenFiles: 100 },
  redaction: { personalData: true, rules: [{ name: 'a', pattern: 'b+' }], allow: ['c'] },
  sources: [
    {
      id: 'app',
      file: { include: ['/srv/app/*.log'], exclude: ['/srv/app/x.log'], start: 'end', readCompressed: true, encoding: 'utf-16le' },
      service: 'shop',
      framing: { format: 'json', multiline: false, startPattern: '^x', maxLineBytes: 1000, maxRecordLines: 5, maxWaitSeconds: 0.5 },
      labels: { team: 'a' },
      maxBytesPerSecond: 5000,
    },
    { id: 'journal', journal: { units: ['ssh.service'], minimumSeverity: 'warning' } },
    { id: 'all', journal: {} },
    { id: 'off', disabled: true },
  ],
};

async function write(stage: CoordinatorStage, text: string): Promise<string> {
  const file = join(stage.directory, 'node.yaml');
  await writeFile(file, text);
  return file;
}

function told({ message }: ControlResponse): Configuration {
  if (message?.$case !== 'configuration') throw new Error(`no configuration, but ${message?.$case}`);
  return message.value;
}

const settled = ({ hash }: Configuration, reasons: readonly string[] = []) => ({
  $case: 'configStatus' as const,
  value: {
    offeredHash: hash,
    runningHash: reasons.length === 0 ? hash : '',
    lastFailedHash: reasons.length === 0 ? '' : hash,
    reasons: [...reasons],
  },
});

test('every setting reaches the node as it was written, and is shown so that it can be told again', async () => {
  await using stage = await stageCoordinator();
  const node = await stage.joinNode();
  const session = await node.hello(1);
  const answer = ctl(stage, 'nodes', 'configure', 'web-1', await write(stage, stringify(everything)));
  const configuration = told(await session.receive());
  // As the agent reads it: the same document as in its file.
  expect(readConfiguration(configuration).document).toEqual(everything);
  session.send(settled(configuration));
  expect(await answer).toBe('version 1 is told to node web-1\nit runs\n');
  expect(JSON.parse(await ctl(stage, 'nodes', 'configuration', 'web-1', '-o', 'json'))).toEqual(everything);
  expect(await ctl(stage, 'nodes', 'configuration', 'web-1')).toMatch(/^# version 1, running\nlog:\n/);
  expect(await ctl(stage, 'nodes', 'get', 'web-1')).toMatch(/hashes: +told ([0-9a-f]{12}), runs \1/);
});

test('what the node refuses ends with its reasons, and an older document does not overtake a newer one', async () => {
  await using stage = await stageCoordinator();
  const node = await stage.joinNode();
  const session = await node.hello(1);
  const answer = ctl(stage, 'nodes', 'configure', 'web-1', await write(stage, 'sources: [{ id: app, file: { include: ["/a[b"] } }]'));
  session.send(settled(told(await session.receive()), ['source app: The pattern /a[b cannot be used']));
  expect(await answer).toMatch(/^1: .*the node refused it, what ran before runs on:\n {2}source app: The pattern/);
  const stale = await ctl(stage, 'nodes', 'configure', 'web-1', await write(stage, 'shipping: all'), '--expect', '7', '--wait', '0s');
  expect(stale).toMatch(/^1: .*at version 1, not 7; read it again/);
});

test('mistakes are named with their lines, and nothing is sent', async () => {
  await using stage = await stageCoordinator();
  await stage.joinNode();
  const wrong = await ctl(stage, 'nodes', 'configure', 'web-1', await write(stage, 'shiping: all\nlimits:\n  maxCpuShare: much\n'));
  expect(wrong).toMatch(/^2: .*nothing was sent:\n.*node\.yaml:1 .*shiping[^]*node\.yaml:3 limits\.maxCpuShare/);
  expect(await ctl(stage, 'nodes', 'configure', 'web-1', '/nonexistent.yaml')).toMatch(/^2: .*cannot read \/nonexistent\.yaml/);
  expect(await ctl(stage, 'nodes', 'configure', 'nobody', await write(stage, 'shipping: all'))).toMatch(/^1: .*nobody/);
  expect(await ctl(stage, 'nodes', 'configuration', 'web-1')).toMatch(/^# version 0, none offered/);
});

test('a node that is away is told later, and its mode stays where none is named', async () => {
  await using stage = await stageCoordinator();
  const node = await stage.joinNode();
  const observe = await write(stage, 'operationalMode: observe\nshipping: all');
  expect(await ctl(stage, 'nodes', 'configure', 'web-1', observe)).toMatch(/it is not connected, and will run it when it is/);
  await ctl(stage, 'nodes', 'configure', 'web-1', await write(stage, 'shipping: problems'));
  const session = await node.hello(1);
  const { body } = told(await session.receive());
  expect(body).toMatchObject({ operationalMode: OperationalMode.OBSERVE, shipping: Shipping.PROBLEMS });
});
