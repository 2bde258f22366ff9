// `hephaestusctl solutions transcript`: what models were told about an incident and what they answered.
// Must never let what a model wrote steer the terminal.
import type { Command } from 'commander';
import type { ModelExchange } from '../../../proto/index.ts';
import { usage, type CommandContext } from '../command-context.ts';
import { duration, durationMs, safe } from '../presentation.ts';
import { paint, section, type Style } from '../table.ts';

export function addTranscriptCommand(solutions: Command, context: CommandContext): void {
  solutions
    .command('transcript')
    .description('what models were told and what they answered, redacted (kept for model.transcripts.keepDays)')
    .argument('[id]', 'of a solution, or the beginning of it')
    .option('--incident <ID>', 'of all solutions of an incident instead')
    .action(async (id: string | undefined, options: { incident?: string }, command: Command) => {
      if ((id === undefined) === (options.incident === undefined)) throw usage('name a solution, or an incident by --incident');
      const { connection, output } = await context.open(command);
      const { exchanges } = await connection.models.listModelExchanges({ solutionId: id ?? '', incidentId: options.incident ?? '' });
      output.show(exchanges, (style) =>
        exchanges.length === 0 ? 'no model was asked' : exchanges.map((exchange) => exchangeText(exchange, style)).join('\n\n'),
      );
    });
}

function exchangeText(exchange: ModelExchange, style: Style): string {
  const { at, purpose, name, model, outcome, inputTokens, outputTokens, usd } = exchange;
  const cost = `${inputTokens} + ${outputTokens} tokens, ${usd.toFixed(4)} USD, ${duration(durationMs(exchange.duration) ?? 0)}`;
  const head = paint(`${at?.toISOString() ?? ''}  ${purpose}  ${safe(name)} (${safe(model)})  ${outcome}  ${cost}`, 'bold', style);
  if (!exchange.hasWords) return `${head}\n(the words are not kept)`;
  const parts: [string, string][] = [
    ['system', exchange.system],
    ...exchange.said.map(({ role, content }): [string, string] => [role, content]),
    ['answer', exchange.answer],
  ];
  return [head, ...parts.filter(([, text]) => text !== '').map(([title, text]) => section(title, safe(text), style))].join('\n');
}
