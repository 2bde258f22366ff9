// `hephaestusctl rules`: incidents of one's own, when so many entries match within a window.
// Must never evaluate a rule.
import type { Command } from 'commander';
import { Severity, type ThresholdRule } from '../../../proto/index.ts';
import { countArgument, durationArgument, enumArgument } from '../arguments.ts';
import type { CommandContext } from '../command-context.ts';
import { duration, durationMs, enumLabel } from '../presentation.ts';
import { table, type Column } from '../table.ts';

interface AddOptions {
  readonly count: string;
  readonly window: string;
  readonly level?: string;
  readonly service: string;
  readonly source: string;
  readonly pattern: string;
  readonly per: string;
  readonly severity?: string;
  readonly shadow?: boolean;
}

export function addRulesCommands(program: Command, context: CommandContext): void {
  const rules = program.command('rules').description('threshold rules: so many entries that match within a window are an incident');

  rules
    .command('list')
    .description('every rule in force, by name')
    .action(async (_options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const answer = await connection.detection.listRules({});
      output.show(answer.rules, (style) => (answer.rules.length === 0 ? 'no rules' : table(answer.rules, columns, style)));
    });

  rules
    .command('add')
    .description('for example: rules add many-warnings --level warning --count 100 --window 5m')
    .argument('<name>', 'lower-case letters, digits and dashes')
    .requiredOption('--count <COUNT>', 'so many entries')
    .requiredOption('--window <TIME>', 'within this time, such as 30s or 5m')
    .option('--level <LEVEL>', 'only entries at least this severe')
    .option('--service <NAME>', 'only of this service', '')
    .option('--source <ID>', 'only of this source', '')
    .option('--pattern <RE2>', 'only where this matches the message', '')
    .option('--per <WHAT>', 'what is counted apart: service, node or all', 'service')
    .option('--severity <LEVEL>', 'of the incident (default: error)')
    .option('--shadow', 'on trial: recorded, and nobody is alerted')
    .action(async (name: string, options: AddOptions, command: Command) => {
      const severityOf = (option: string, word: string | undefined): Severity =>
        word === undefined ? Severity.UNSPECIFIED : enumArgument(option, word, Severity);
      const wanted = {
        name,
        count: countArgument('--count', options.count, 1_000_000_000),
        window: durationArgument('--window', options.window).wire,
        level: severityOf('--level', options.level),
        severity: severityOf('--severity', options.severity),
        service: options.service,
        source: options.source,
        pattern: options.pattern,
        per: options.per,
        shadow: options.shadow === true,
      };
      const { connection, output } = await context.open(command);
      const { rule } = await connection.detection.addRule({ rule: wanted });
      output.show(rule, () => `rule ${name} is in force`);
    });

  rules
    .command('remove')
    .description('its incidents stay')
    .argument('<name>')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      await connection.detection.removeRule({ name });
      output.done(`rule ${name} is removed`);
    });
}

const columns: Column<ThresholdRule>[] = [
  { title: 'NAME', value: (rule) => rule.name },
  { title: 'COUNT', value: (rule) => String(rule.count), right: true },
  { title: 'WINDOW', value: (rule) => duration(durationMs(rule.window) ?? 0) },
  { title: 'LEVEL', value: (rule) => (rule.level === Severity.UNSPECIFIED ? 'any' : enumLabel(rule.level, 'SEVERITY')) },
  { title: 'OF', value: scopeOf },
  { title: 'PER', value: (rule) => rule.per },
  { title: 'RAISES', value: (rule) => `${enumLabel(rule.severity, 'SEVERITY')}${rule.shadow ? ' (on trial)' : ''}` },
  { title: 'BY', value: (rule) => rule.origin },
  { title: 'PATTERN', value: (rule) => rule.pattern, stretch: true },
];

function scopeOf({ service, source }: ThresholdRule): string {
  const parts = [service === '' ? '' : `service ${service}`, source === '' ? '' : `source ${source}`].filter((part) => part !== '');
  return parts.length === 0 ? 'everything' : parts.join(', ');
}
