// Runs in a network namespace where every address but loopback is a trap: a coordinator is put to work there, and what fell into
// the traps is printed as JSON. Must never be run outside of one: it listens on well-known ports.
import { createSocket } from 'node:dgram';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { OperationalMode, Severity, type SolutionProposal } from '../../proto/index.ts';
import { makeRepository } from './plain-repository-service.ts';
import { stageCoordinator } from './coordinator-stage.ts';

/** What is caught: connections by `address:port`, and names that were asked for. */
const caught: string[] = [];
/** The address that every name has here. */
const anywhere = [203, 0, 113, 7];
const ports = [22, 80, 443, 8080, 9418];

async function setTraps(): Promise<void> {
  for (const port of ports) {
    const server = createServer((socket) => {
      caught.push(`${socket.localAddress ?? ''}:${port}`);
      socket.destroy();
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, '0.0.0.0', resolve);
    });
    server.unref();
  }
  const resolver = createSocket('udp4');
  resolver.on('message', (question, peer) => {
    caught.push(`name ${nameIn(question)}`);
    resolver.send(answerTo(question), peer.port, peer.address);
  });
  await new Promise<void>((resolve, reject) => {
    resolver.once('error', reject).bind(53, '0.0.0.0', resolve);
  });
  resolver.unref();
}

function nameIn(question: Buffer): string {
  const labels: string[] = [];
  for (let at = 12; (question[at] ?? 0) > 0; at += (question[at] ?? 0) + 1)
    labels.push(question.toString('latin1', at + 1, at + 1 + (question[at] ?? 0)));
  return labels.join('.');
}

/** An address for questions of type A, nothing for others (RFC 1035, section 4). */
function answerTo(question: Buffer): Buffer {
  const end = question.indexOf(0, 12) + 5;
  const isAddress = question.readUInt16BE(end - 4) === 1;
  const head = Buffer.from([question[0] ?? 0, question[1] ?? 0, 0x81, 0x80, 0, 1, 0, isAddress ? 1 : 0, 0, 0, 0, 0]);
  const answer = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...anywhere]);
  return Buffer.concat([head, question.subarray(12, end), ...(isAddress ? [answer] : [])]);
}

const hosted = [
  { name: 'hosted', provider: 'anthropic', model: 'm', key: 'key' },
  { name: 'other', provider: 'openai-compatible', baseUrl: 'http://models.example.com:8080/v1', model: 'm' },
];

async function work(offline: boolean): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(join(tmpdir(), 'hephaestus-offline-'));
  const key = join(folder, 'key');
  await makeRepository(join(folder, 'shop'), [
    {
      subject: 'Begin',
      files: { 'src/label.js': 'export const label = (order) => order.name.toUpperCase();\n', 'package.json': '{"type":"module"}\n' },
    },
  ]);
  await writeFile(key, 'sesame');
  await using stage = await stageCoordinator({ offline, models: hosted, secrets: { key: { file: key }, 'forge-token': { file: key } } });
  const { operator } = stage;
  try {
    const repositories = [
      { name: 'shop', url: join(folder, 'shop'), provider: 'git', service: 'shop' },
      { name: 'plain', url: 'https://git.example.com/shop/orders.git', provider: 'git', service: 'plain' },
      { name: 'forge', url: 'https://github.com/shop/orders.git', provider: 'github', service: 'forge' },
      { name: 'ssh', url: 'git@git.example.com:shop/orders.git', provider: 'git', service: 'ssh' },
    ];
    for (const { name, url, provider, service } of repositories) {
      const credentialReference = provider === 'github' ? 'forge-token' : '';
      await operator.repositories.addRepository({
        repository: {
          name,
          url,
          provider,
          services: [service],
          operationalMode: OperationalMode.SUGGEST,
          gate: 'syntax',
          credentialReference,
          models: 'any',
        },
      });
    }
    const { models } = await operator.models.checkModels({}, { deadline: 120_000 });
    const checks: Record<string, string> = {};
    for (const { name } of repositories) {
      const { checks: found } = await operator.repositories
        .checkRepository({ id: name }, { deadline: 120_000 })
        .catch((error: unknown) => ({ checks: [{ name, ok: false, message: String(error) }] }));
      checks[name] = found.map(({ ok, message }) => `${ok ? 'ok' : 'failed'}: ${message}`).join('; ');
    }
    return {
      models: models.map(({ name, state, reason }) => `${name} ${state}: ${reason}`),
      checks,
      solutions: offline ? await solve(stage, repositories) : [],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One incident for each repository, and what becomes of it. */
async function solve(
  { operator }: Awaited<ReturnType<typeof stageCoordinator>>,
  repositories: readonly { readonly service: string }[],
): Promise<readonly string[]> {
  const message = [
    "TypeError: Cannot read properties of undefined (reading 'toUpperCase')",
    '    at label (/srv/shop/src/label.js:1:40)',
    '    at main (/srv/shop/src/main.js:1:1)',
  ].join('\n');
  await operator.logs.submitLogEntries({
    requestId: crypto.randomUUID(),
    entries: repositories.map(({ service }) => ({ time: new Date(), severity: Severity.ERROR, service, message })),
  });
  const unfinished = ['PREPARING', 'PROPOSING', 'VALIDATING', 'PUBLISHING'];
  for (;;) {
    const { solutions } = await operator.solutions.listSolutions({});
    const isComplete = solutions.length >= repositories.length;
    if (isComplete && !solutions.some(({ state }) => unfinished.some((name) => state.endsWith(name))))
      return solutions.map(describeSolution);
    await systemClock.sleep(100);
  }
}

function describeSolution({ state, stateReason, provider, modelChoices }: SolutionProposal): string {
  return [state, provider, stateReason, ...modelChoices.map(({ name, verdict, reason }) => `${name} ${verdict}: ${reason}`)].join('; ');
}

await setTraps();
const isOffline = process.argv[2] === 'offline';
process.stdout.write(`${JSON.stringify({ ...(await work(isOffline)), caught })}\n`);
