// `hephaestusctl status` and `doctor`: how the coordinator is, and what to do about what is wrong.
// Must never guess; the coordinator looks at itself, only reaching it is judged here.
import type { Command } from 'commander';
import { HephaestusError } from '../../../base/errors.ts';
import type { DiagnosticFinding } from '../../../proto/index.ts';
import { explainFailure } from '../client.ts';
import type { CommandContext } from '../command-context.ts';
import { exitCodeOf, exitCodes } from '../exit-code.ts';
import { age } from '../presentation.ts';
import { paint, properties, section, type Colour, type Style } from '../table.ts';

const levelMarks: Readonly<Record<string, readonly [string, Colour]>> = {
  ok: ['✓', 'green'],
  warning: ['!', 'yellow'],
  failed: ['✗', 'red'],
};

export function addSystemCommands(program: Command, context: CommandContext): void {
  program
    .command('status')
    .description('the coordinator at a glance')
    .action(async (_options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const status = await connection.system.getStatus({});
      output.show(status, (style) =>
        [
          properties(
            [
              ['version', status.version],
              ['running for', age(status.startedAt, context.now())],
              ['nodes', counts(status.nodes)],
              ['incidents', counts(status.incidents)],
              ['entries', `${status.entriesTotal} (${status.entriesPerSecond.toFixed(1)} a second)`],
              ['jobs waiting', String(status.pendingJobs)],
              ['model', status.modelProvider],
            ],
            style,
          ),
          section(
            'Components',
            status.components
              .map((part) => `${mark(part.ready ? 'ok' : 'failed', style)} ${part.name} ${part.reason}`.trimEnd())
              .join('\n'),
            style,
          ),
        ].join('\n\n'),
      );
    });

  program
    .command('doctor')
    .description('look at every part, and say what to do about what is wrong')
    .action(async (_options: unknown, command: Command) => {
      const findings = await diagnose(context, command);
      context.output(command).show(findings, (style) => findings.map((finding) => findingText(finding, style)).join('\n'));
      const failed = findings.filter((finding) => finding.level === 'failed');
      const [first] = failed;
      if (first !== undefined) {
        const code = first.component === 'connection' ? first.message : '';
        throw new HephaestusError({
          code: code === '' ? 'doctor.failed' : 'coordinator.unreachable',
          kind: 'operational',
          message: `${failed.length} of ${findings.length} parts ${failed.length === 1 ? 'is' : 'are'} not well`,
        });
      }
    });
}

async function diagnose(context: CommandContext, command: Command): Promise<DiagnosticFinding[]> {
  const address = context.address(command);
  try {
    const { connection } = await context.open(command);
    const { findings } = await connection.system.diagnose({}, { deadline: 120_000 });
    return [
      { level: 'ok', component: 'connection', message: `the coordinator at ${address} answers and accepts the token`, remedy: '' },
      ...findings,
    ];
  } catch (error) {
    const failure = explainFailure(error, address);
    // Wrong usage and missing permissions keep their own exit code; a connection that fails is a finding.
    if (exitCodeOf(failure) !== exitCodes.unreachable) throw failure;
    return [
      {
        level: 'failed',
        component: 'connection',
        message: failure.message,
        remedy: 'start the coordinator, or give its address by --coordinator',
      },
    ];
  }
}

function findingText(finding: DiagnosticFinding, style: Style): string {
  const line = `${mark(finding.level, style)} ${finding.component}: ${finding.message}`;
  return finding.remedy === '' ? line : `${line}\n    → ${finding.remedy}`;
}

function mark(level: string, style: Style): string {
  const [text, colour] = levelMarks[level] ?? ['?', 'dim'];
  return paint(text, colour, style);
}

function counts(byName: Readonly<Record<string, number>>): string {
  const shown = Object.entries(byName).filter(([, count]) => count > 0);
  return shown.length === 0 ? 'none' : shown.map(([name, count]) => `${count} ${name}`).join(', ');
}
