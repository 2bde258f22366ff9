// Secrets planted in a run of the coordinator show in none of its outputs: log, metrics, database, audit log, command line, errors.
// Must never look for less than the whole value, nor leave an output out because it is large.
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createCertificateRequest, generateNodeKey } from '../../../agent/session/certificate-request.ts';
import { createLogger } from '../../../base/logger.ts';
import { connectOperator } from '../../../coordinator/cli/client.ts';
import { runProgram } from '../../../coordinator/cli/program.ts';
import { OperatorRole } from '../../../proto/index.ts';
import { stageCoordinator } from '../../support/coordinator-stage.ts';

test('no output of a run holds a token, a key or a credential', async () => {
  const lines: string[] = [];
  const logger = createLogger({ level: 'debug', output: 'json', destination: (line) => void lines.push(line) });
  await using stage = await stageCoordinator({}, logger);
  const { operator } = stage;
  const forgeToken = 'planted-forge-token-7Qx2Lm9Zk4';
  const modelKey = 'planted-model-key-5Rt8Yw1Nc6';
  await operator.secrets.setSecret({ name: 'forge', value: forgeToken });
  await operator.secrets.setSecret({ name: 'model', value: modelKey });
  const { token } = await operator.operators.createOperator({ name: 'ada', role: OperatorRole.VIEWER });
  const { secret } = await operator.nodes.createJoinToken({ useLimit: 1 });
  const keyPem = generateNodeKey();
  const request = { joinToken: secret, certificateSigningRequest: createCertificateRequest(keyPem), facts: { hostname: 'web' } };
  await stage.connect().enrollment.enroll(request);
  // Used up: the refusal must not repeat it.
  const refusal = await stage.connect().enrollment.enroll(request).then(String, String);
  const wrongToken = `${token}x`;
  const stranger = connectOperator({
    address: `127.0.0.1:${stage.port}`,
    caPem: Buffer.from(stage.caPem),
    token: wrongToken,
    timeoutMs: 5000,
  });
  const denial = await stranger.nodes.listNodes({}).then(String, String);
  stranger.close();
  // A remote that nobody answers at: what git and the client say of it is part of the output.
  const url = 'https://127.0.0.1:9/shop/orders.git';
  await operator.repositories.addRepository({ repository: { name: 'orders', url, services: ['orders'], credentialReference: 'forge' } });
  const checks = await operator.repositories.checkRepository({ id: 'orders' }).then((answer) => JSON.stringify(answer), String);
  await writeFile(join(stage.directory, 'token'), `${token}\n`, { mode: 0o600 });
  const written: string[] = [];
  const write = (text: string): void => void written.push(text);
  for (const words of [
    'operators list --all',
    'tokens list --all',
    'secrets list',
    'repositories get orders',
    'audit export',
    'doctor',
    'status',
    'whoami',
  ]) {
    for (const output of ['table', 'json']) {
      await runProgram([...words.split(' '), '--output', output], {
        env: { HEPHAESTUS_STATE_DIRECTORY: stage.directory },
        write,
        writeError: write,
        terminalWidth: undefined,
        readStandardInput: () => Promise.resolve(''),
        signal: new AbortController().signal,
        now: () => Date.now(),
        version: 'test',
      });
    }
  }
  const ops = stage.coordinator.ops.address();
  const metrics = await (await fetch(`http://127.0.0.1:${ops?.port}/metrics`)).text();
  const names = (await readdir(stage.directory)).filter((name) => name.startsWith('coordinator.db') || name === 'audit.anchor');
  const database = (await Promise.all(names.map((name) => readFile(join(stage.directory, name), 'latin1')))).join('');
  const adminToken = (await readFile(join(stage.directory, 'admin.token'), 'utf8')).trim();
  const masterKey = (await readFile(join(stage.directory, 'master.key'), 'utf8')).trim();
  const planted = {
    forgeToken,
    modelKey,
    token,
    wrongToken,
    joinSecret: secret.split('.').at(-1) ?? '',
    keyPem: keyPem.split('\n')[1] ?? '',
    adminToken,
    masterKey,
  };
  const outputs = { log: lines.join('\n'), refusal, denial, checks, shown: written.join(''), metrics, database };
  for (const text of Object.values(outputs)) expect(text.length).toBeGreaterThan(20);
  const found = Object.entries(planted).flatMap(([what, value]) =>
    Object.entries(outputs).flatMap(([where, text]) => (value === '' || text.includes(value) ? [`${what} in ${where}`] : [])),
  );
  expect(found).toEqual([]);
});
