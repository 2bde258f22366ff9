// The commands of hephaestusctl put together, and what a failure prints and exits with.
// Must never touch the process; main.ts does.
import { Command, CommanderError, Option } from 'commander';
import { addAuditCommands } from './commands/audit.ts';
import { addAuthorityCommands } from './commands/authority.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addDeploymentsCommands } from './commands/deployments.ts';
import { addIncidentsCommands } from './commands/incidents.ts';
import { addLogsCommands } from './commands/logs.ts';
import { addMaintenanceCommands } from './commands/maintenance.ts';
import { addModelsCommands } from './commands/models.ts';
import { addNodesCommands } from './commands/nodes.ts';
import { addOperatorsCommands } from './commands/operators.ts';
import { addRepositoriesCommands } from './commands/repositories.ts';
import { addRulesCommands } from './commands/rules.ts';
import { addSecretsCommands } from './commands/secrets.ts';
import { addSolutionsCommands } from './commands/solutions.ts';
import { addSourcesCommands } from './commands/sources.ts';
import { addSystemCommands } from './commands/system.ts';
import { addTokensCommands } from './commands/tokens.ts';
import { explainFailure } from './client.ts';
import { createCommandContext, type Surroundings } from './command-context.ts';
import { exitCodeOf, exitCodes, type ExitCode } from './exit-code.ts';
import { formats } from './output.ts';

export interface ProgramSurroundings extends Surroundings {
  readonly writeError: (text: string) => void;
  readonly version: string;
}

/** Runs one command line (without the program's own name) to its end. */
export async function runProgram(words: readonly string[], surroundings: ProgramSurroundings): Promise<ExitCode> {
  const context = createCommandContext(surroundings);
  const program = new Command('hephaestusctl')
    .description('Looks at a Hephaestus coordinator and steers it.')
    .version(surroundings.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option(
      '-c, --coordinator <HOST:PORT|unix:PATH>',
      'coordinator to talk to (HEPHAESTUS_COORDINATOR; default: its local socket where you may open it, else localhost:7443)',
    )
    .option('--ca <FILE>', "the coordinator's CA certificate, PEM (HEPHAESTUS_CA; default ca.crt in the state directory)")
    .option('--token-file <FILE>', 'operator token (HEPHAESTUS_TOKEN_FILE or HEPHAESTUS_TOKEN; default admin.token in the state directory)')
    .option(
      '--state-directory <DIR>',
      "the coordinator's own, for root on its host (HEPHAESTUS_STATE_DIRECTORY; default /var/lib/hephaestus)",
    )
    .option('--timeout <TIME>', 'for each call (default 30s)')
    .addOption(new Option('-o, --output <FORMAT>', 'table for people, json or yaml for programs').choices(formats).default('table'))
    .option('--no-color', 'never use colours (they are used on a terminal only; NO_COLOR works too)')
    .addHelpText(
      'after',
      [
        '',
        'Exit codes: 0 done, 1 failed, 2 wrong usage, 3 cannot reach the coordinator, 4 not allowed.',
        '',
        'Examples:',
        '  hephaestusctl tokens create --ttl 1h            a token for a new host',
        '  hephaestusctl incidents list --state open       what is wrong now',
        '  hephaestusctl solutions diff ID | git apply     try a proposal by hand',
        '  hephaestusctl logs tail --severity error        errors as they happen',
      ].join('\n'),
    )
    .showHelpAfterError('(add --help for what is possible)')
    .configureHelp({ helpWidth: surroundings.terminalWidth ?? 100, showGlobalOptions: true })
    .configureOutput({ writeOut: surroundings.write, writeErr: surroundings.writeError })
    .exitOverride();
  addNodesCommands(program, context);
  addTokensCommands(program, context);
  addSourcesCommands(program, context);
  addIncidentsCommands(program, context);
  addMaintenanceCommands(program, context);
  addRulesCommands(program, context);
  addSolutionsCommands(program, context);
  addRepositoriesCommands(program, context);
  addModelsCommands(program, context);
  addDeploymentsCommands(program, context);
  addLogsCommands(program, context);
  addOperatorsCommands(program, context);
  addSecretsCommands(program, context);
  addAuditCommands(program, context);
  addAuthorityCommands(program, context);
  addSystemCommands(program, context);
  addCompletionCommand(program, context);
  inheritSettings(program);
  try {
    await program.parseAsync([...words], { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    if (surroundings.signal.aborted) return exitCodes.done;
    const failure = explainFailure(error, context.address(program));
    surroundings.writeError(`hephaestusctl: ${failure.message}\n`);
    for (const detail of failure.details) surroundings.writeError(`  ${detail.path}: ${detail.message}\n`);
    return exitCodeOf(failure);
  } finally {
    context.close();
  }
}

/** Commands made by `command()` copy the settings of their parent at that moment; those of the whole program come later. */
function inheritSettings(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    inheritSettings(child);
  }
}
