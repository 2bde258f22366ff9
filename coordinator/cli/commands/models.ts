// `hephaestusctl models`: how the models are, and what they cost.
// Must never judge a model; its canary does.
import type { Command } from 'commander';
import { HephaestusError } from '../../../base/errors.ts';
import type { GetModelUsageResponse, ModelStatus, ModelUsageRow } from '../../../proto/index.ts';
import { countArgument } from '../arguments.ts';
import type { CommandContext } from '../command-context.ts';
import { percent } from '../presentation.ts';
import { section, table, type Colour, type Column, type Style } from '../table.ts';

const stateColours: Readonly<Record<string, Colour>> = { ready: 'green', unproven: 'yellow', failed: 'red' };
/** A slow model on a CPU needs minutes for its canary. */
const checkDeadlineMs = 1_800_000;

export function addModelsCommands(program: Command, context: CommandContext): void {
  const models = program.command('models').description('who writes proposals, how they are, and what they cost');

  models
    .command('list')
    .description('the configured models, as their canaries found them')
    .action(async (_options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const { models: found } = await connection.models.listModels({});
      output.show(found, (style) => modelsText(found, style));
    });

  models
    .command('check')
    .description('reach for every model and run its canary anew')
    .action(async (_options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const { models: found } = await connection.models.checkModels({}, { deadline: checkDeadlineMs });
      output.show(found, (style) => modelsText(found, style));
      const failed = found.filter(({ state }) => state === 'failed');
      if (failed.length > 0) {
        const message = `${failed.length} of ${found.length} models can't be used: ${failed.map(({ name }) => name).join(', ')}`;
        throw new HephaestusError({ code: 'models.check-failed', kind: 'operational', message });
      }
    });

  models
    .command('usage')
    .description('tokens and dollars by day, repository and model, and what the budgets leave')
    .option('--days <COUNT>', 'days back, today included', '7')
    .action(async (options: { days: string }, command: Command) => {
      const days = countArgument('--days', options.days, 400);
      const { connection, output } = await context.open(command);
      const usage = await connection.models.getModelUsage({ days });
      output.show(usage, (style) => usageText(usage, style));
    });
}

function modelsText(found: readonly ModelStatus[], style: Style): string {
  if (found.length === 0) return 'no models: the built-in engine alone makes proposals; configure one under model: or models:';
  const columns: Column<ModelStatus>[] = [
    { title: 'NAME', value: ({ name }) => name },
    { title: 'STATE', value: ({ state }) => state, colour: ({ state }) => stateColours[state] },
    { title: 'MODEL', value: ({ provider, model }) => `${provider} ${model}`.trim() },
    { title: 'WHERE', value: ({ inHouse }) => (inHouse ? 'in-house' : 'hosted') },
    { title: 'SKILL', value: ({ skill }) => skill },
    { title: 'MODE', value: ({ mode }) => mode },
    { title: 'CONTEXT', value: ({ contextTokens }) => String(contextTokens), right: true },
    { title: 'USD/M', value: ({ usdPerMillion }) => usdPerMillion.toFixed(2), right: true },
    { title: 'CANARY', value: canaryOf },
  ];
  const said = found.map(({ name, reason }) => `${name}: ${reason}`).join('\n');
  return [table(found, columns, style), said].join('\n\n');
}

function canaryOf({ canary }: ModelStatus): string {
  if (canary === undefined) return '';
  const marks: [string, boolean][] = [
    ['schema', canary.honoursSchema],
    ['tokens', canary.countsTokens],
    ['tools', canary.callsTools],
  ];
  return marks.map(([name, holds]) => `${holds ? '' : 'no '}${name}`).join(', ');
}

function usageText({ budgets, rows, tokensPerIncident }: GetModelUsageResponse, style: Style): string {
  const limits = table(
    budgets,
    [
      {
        title: 'BUDGET OF TODAY',
        value: ({ scope, subject }) => (scope === 'money' ? 'US dollars' : `tokens${subject === '' ? '' : ` of ${subject}`}`),
      },
      { title: 'SPENT', value: ({ scope, spent }) => amount(scope, spent), right: true },
      { title: 'LIMIT', value: ({ scope, limit }) => amount(scope, limit), right: true },
      { title: 'USED', value: ({ spent, limit }) => percent(limit === 0 ? 0 : spent / limit), right: true },
    ],
    style,
  );
  const columns: Column<ModelUsageRow>[] = [
    { title: 'DAY', value: ({ day }) => day?.toISOString().slice(0, 10) ?? '' },
    { title: 'REPOSITORY', value: ({ repository }) => (repository === '' ? '(canary)' : repository) },
    { title: 'NAME', value: ({ name }) => name },
    { title: 'MODEL', value: ({ model }) => model },
    { title: 'REQUESTS', value: ({ requests }) => String(requests), right: true },
    { title: 'TOKENS', value: ({ tokens }) => String(tokens), right: true },
    { title: 'IN', value: ({ inputTokens }) => String(inputTokens), right: true },
    { title: 'OUT', value: ({ outputTokens }) => String(outputTokens), right: true },
    { title: 'USD', value: ({ usd }) => usd.toFixed(4), right: true },
  ];
  const spent = rows.length === 0 ? 'nothing was asked of a model' : table(rows, columns, style);
  return [limits, `Each incident may have ${tokensPerIncident} tokens.`, section('By day', spent, style)].join('\n\n');
}

function amount(scope: string, value: number): string {
  return scope === 'money' ? value.toFixed(2) : String(value);
}
