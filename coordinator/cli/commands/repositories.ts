// `hephaestusctl repositories`: where the code lives, and what may be done to it.
// Must never take a secret; a repository names one that the coordinator keeps.
import type { Command } from 'commander';
import { OperationalMode, type Repository } from '../../../proto/index.ts';
import { collect, commandArgument, countArgument, enumArgument } from '../arguments.ts';
import { usage, type CommandContext } from '../command-context.ts';
import { HephaestusError } from '../../../base/errors.ts';
import { collectPages } from '../paging.ts';
import { age, ago, enumLabel } from '../presentation.ts';
import { paint, properties, section, table, type Column, type Style } from '../table.ts';

interface AddOptions {
  readonly url: string;
  readonly provider?: string;
  readonly branch?: string;
  readonly mode: string;
  readonly gate: string;
  readonly approvals: string;
  readonly service?: string[];
  readonly allow?: string[];
  readonly setup?: string;
  readonly build?: string;
  readonly test?: string;
  readonly reproduce?: string;
  readonly models: string;
  readonly credential?: string;
  readonly webhookSecret?: string;
  readonly clone: string;
}

const gates = ['parsed', 'applied', 'syntax', 'builds', 'tests', 'reproduced'];
const providers = ['git', 'github', 'gitlab', 'gitea'];

export function addRepositoriesCommands(program: Command, context: CommandContext): void {
  const repositories = program.command('repositories').description('where the code lives, and what may be done to it');

  repositories
    .command('add')
    .description('name a repository; its incidents get proposals')
    .argument('<name>')
    .requiredOption('--url <URL>', 'https, ssh or a path; without credentials')
    .option('--provider <NAME>', `${providers.join(', ')}; git is any remote (default: by the URL)`)
    .option('--branch <NAME>', "default branch (default: the remote's HEAD)")
    .option('--mode <MODE>', 'observe, suggest or deploy', 'suggest')
    .option('--gate <RUNG>', `what mode deploy demands: ${gates.join(', ')}`, 'reproduced')
    .option('--service <PATTERN>', 'service whose incidents belong here; * matches any part (repeatable)', collect)
    .option('--allow <GLOB>', 'path that an edit may touch (repeatable; default: all but what is always refused)', collect)
    .option('--setup <COMMAND>', 'run once in each work tree')
    .option('--build <COMMAND>', 'must succeed')
    .option('--test <COMMAND>', 'must not fail more than before')
    .option('--reproduce <COMMAND>', 'gets the incident as JSON on standard input; exit 0 means that the problem does not show')
    .option('--approvals <COUNT>', 'people who have to approve what waits for approval: 1 or 2', '1')
    .option('--models <WHICH>', 'any, or local: only in-house models may see its code and logs', 'any')
    .option('--webhook-secret <NAME>', 'secret that webhooks of its forge are proven with')
    .option('--clone <HOW>', 'full; partial: file contents only when they are read; shallow: no old history', 'full')
    .option('--credential <NAME>', 'secret that the coordinator uses for the remote')
    .action(async (name: string, options: AddOptions, command: Command) => {
      if (!gates.includes(options.gate)) throw usage(`--gate ${options.gate} is not known; possible: ${gates.join(', ')}`);
      const provider = options.provider ?? providerOf(options.url);
      if (!providers.includes(provider)) throw usage(`--provider ${provider} is not known; possible: ${providers.join(', ')}`);
      if (options.models !== 'any' && options.models !== 'local')
        throw usage(`--models ${options.models} is not known; possible: any, local`);
      const mode = enumArgument('--mode', options.mode, OperationalMode);
      const { connection, output } = await context.open(command);
      const { repository } = await connection.repositories.addRepository({
        repository: {
          name,
          provider,
          url: options.url,
          defaultBranch: options.branch ?? '',
          operationalMode: mode,
          gate: options.gate,
          services: options.service ?? ['*'],
          allowedPaths: options.allow ?? [],
          approvals: countArgument('--approvals', options.approvals, 2),
          commands: {
            setup: commandArgument('--setup', options.setup),
            build: commandArgument('--build', options.build),
            test: commandArgument('--test', options.test),
            reproduce: commandArgument('--reproduce', options.reproduce),
          },
          models: options.models,
          credentialReference: options.credential ?? '',
          webhookSecretReference: options.webhookSecret ?? '',
          clone: options.clone,
        },
      });
      output.show(repository, () => `repository ${name} is added; see whether it works: hephaestusctl repositories check ${name}`);
    });

  repositories
    .command('list')
    .description('all repositories, by name')
    .action(async (_options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const found = await collectPages(0, async (page) => {
        const answer = await connection.repositories.listRepositories({ page });
        return { items: answer.repositories, nextPageToken: answer.nextPageToken };
      });
      output.show(found, (style) =>
        found.length === 0 ? 'no repositories; add one with: hephaestusctl repositories add' : table(found, columns(context.now()), style),
      );
    });

  repositories
    .command('get')
    .description('one repository and its settings')
    .argument('<repository>', 'id or name')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const { repository } = await connection.repositories.getRepository({ id });
      output.show(repository, (style) => (repository === undefined ? '' : repositoryPage(repository, context.now(), style)));
    });

  repositories
    .command('remove')
    .description('forget it, and what is kept of it locally; the remote is not touched')
    .argument('<repository>', 'id or name')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      await connection.repositories.removeRepository({ id });
      output.done(`repository ${id} is removed`);
    });

  repositories
    .command('check')
    .description('reach the remote, refresh the mirror and say what is wrong')
    .argument('<repository>', 'id or name')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const { checks } = await connection.repositories.checkRepository({ id }, { deadline: 600_000 });
      output.show(checks, (style) =>
        checks
          .map((check) => `${check.ok ? paint('✓', 'green', style) : paint('✗', 'red', style)} ${check.name}: ${check.message}`)
          .join('\n'),
      );
      const failed = checks.filter((check) => !check.ok);
      if (failed.length > 0) {
        throw new HephaestusError({
          code: 'repository.check-failed',
          kind: 'operational',
          message: `${failed.length} of ${checks.length} checks of ${id} failed`,
        });
      }
    });

  repositories
    .command('cat')
    .description('a file as the coordinator sees it')
    .argument('<repository>', 'id or name')
    .argument('<path>')
    .option('--revision <NAME>', 'branch, tag or commit (default: the default branch)', '')
    .action(async (repositoryId: string, path: string, options: { revision: string }, command: Command) => {
      const { connection, output } = await context.open(command);
      const answer = await connection.repositories.getFileContents({ repositoryId, path, revision: options.revision });
      output.show(answer, () => Buffer.from(answer.content).toString('utf8').trimEnd());
    });
}

/** GitHub's own host is recognised; every other remote works as plain git until its provider is named. */
function providerOf(url: string): string {
  return /^(https:\/\/|git@|ssh:\/\/git@)github\.com[/:]/.test(url) ? 'github' : 'git';
}

function columns(nowMs: number): Column<Repository>[] {
  return [
    { title: 'NAME', value: (repository) => repository.name },
    { title: 'PROVIDER', value: (repository) => repository.provider },
    { title: 'MODE', value: (repository) => enumLabel(repository.operationalMode, 'OPERATIONAL_MODE') },
    { title: 'GATE', value: (repository) => repository.gate },
    { title: 'SERVICES', value: (repository) => repository.services.join(' ') },
    { title: 'FETCHED', value: (repository) => age(repository.lastFetchedAt, nowMs) },
    { title: 'URL', value: (repository) => repository.url },
    {
      title: 'ERROR',
      value: (repository) => repository.lastError,
      stretch: true,
      colour: (repository) => (repository.lastError === '' ? undefined : 'red'),
    },
  ];
}

function repositoryPage(repository: Repository, nowMs: number, style: Style): string {
  const commands = repository.commands;
  const text = (words: readonly string[] | undefined) => (words === undefined || words.length === 0 ? 'found out' : words.join(' '));
  return [
    properties(
      [
        ['name', repository.name],
        ['id', repository.id],
        ['provider', repository.provider],
        ['url', repository.url],
        ['default branch', repository.defaultBranch || "the remote's HEAD"],
        ['mode', enumLabel(repository.operationalMode, 'OPERATIONAL_MODE')],
        ['gate', repository.gate],
        ['approvals', String(repository.approvals)],
        ['services', repository.services.join(' ')],
        ['allowed paths', repository.allowedPaths.join(' ') || 'all but what is always refused'],
        ['models', repository.models === 'local' ? 'in-house only' : 'any'],
        ['credential', repository.credentialReference || 'none'],
        ['webhook secret', repository.webhookSecretReference || 'none, so that webhooks are refused'],
        ['clone', repository.clone],
        ['fetched', repository.lastFetchedAt === undefined ? 'never' : ago(repository.lastFetchedAt, nowMs)],
        ['error', repository.lastError, 'red'],
      ],
      style,
    ),
    section(
      'Commands',
      properties(
        [
          ['setup', commands?.setup.join(' ') ?? ''],
          ['build', text(commands?.build)],
          ['test', text(commands?.test)],
          ['reproduce', commands?.reproduce.join(' ') ?? ''],
        ],
        style,
      ),
      style,
    ),
  ].join('\n\n');
}
