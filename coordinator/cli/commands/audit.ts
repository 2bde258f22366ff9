// `hephaestusctl audit`: who did what to what from where, and whether the log of it is whole.
// Must never repair or leave out anything: a log that was tampered with is shown as it is.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { HephaestusError } from '../../../base/errors.ts';
import type { AuditRecord, VerifyAuditLogResponse } from '../../../proto/index.ts';
import { countArgument, timeArgument } from '../arguments.ts';
import { exportLine, verifyExport } from '../audit-export.ts';
import { usage, type CommandContext } from '../command-context.ts';
import { collectPages } from '../paging.ts';
import { table, type Column } from '../table.ts';

interface ListOptions {
  readonly actor: string;
  readonly act: string;
  readonly subject: string;
  readonly since?: string;
  readonly limit: string;
}

/** A long log takes a while to read. */
const verifyDeadlineMs = 600_000;

export function addAuditCommands(program: Command, context: CommandContext): void {
  const audit = program.command('audit').description('who did what to what from where');

  audit
    .command('list')
    .description('records, newest first')
    .option('--actor <NAME>', 'only of this operator, node or token', '')
    .option('--act <ACT>', 'only these: node.remove, or all of node', '')
    .option('--subject <TEXT>', 'only about this', '')
    .option('--since <TIME>', 'a time, or how long ago')
    .option('--limit <COUNT>', 'at most this many; 0 means all', '50')
    .action(async (options: ListOptions, command: Command) => {
      const limit = countArgument('--limit', options.limit, 10_000_000);
      const since = timeArgument('--since', options.since, context.now());
      const { actor, act, subject } = options;
      const { connection, output } = await context.open(command);
      const found = await collectPages(limit, async (page) => {
        const answer = await connection.audit.listAuditRecords({ page, actor, act, subject, since });
        return { items: answer.records, nextPageToken: answer.nextPageToken };
      });
      output.show(found, (style) => (found.length === 0 ? 'no records' : table(found, columns, style)));
    });

  audit
    .command('export')
    .description('every record, oldest first, a line of JSON each; fit for: audit verify --file')
    .option('--from <SEQUENCE>', 'begin with this record', '0')
    .action(async (options: { from: string }, command: Command) => {
      const fromSequence = countArgument('--from', options.from, Number.MAX_SAFE_INTEGER);
      const { connection, output } = await context.open(command);
      for await (const { record } of connection.audit.exportAuditRecords({ fromSequence }, { signal: context.signal })) {
        if (record !== undefined) output.line(exportLine(record));
      }
    });

  audit
    .command('verify')
    .description('compute every hash anew; with --witness, that the log still holds what was noted elsewhere')
    .option('--witness <SEQUENCE:HASH>', 'an end of the log that an earlier verify or export showed')
    .option('--file <FILE>', 'an export instead of the coordinator')
    .action(async (options: { witness?: string; file?: string }, command: Command) => {
      const witness = options.witness === undefined ? undefined : readWitness(options.witness);
      const output = context.output(command);
      const verdict =
        options.file === undefined
          ? await askCoordinator(context, command, witness)
          : verifyExport(await readExport(options.file), witness);
      output.show(verdict, () => verdictText(verdict));
      if (verdict.findings.length > 0) {
        throw new HephaestusError({
          code: 'audit.broken',
          kind: 'operational',
          message: `the audit log is not whole: ${verdict.findings.length} finding(s)`,
        });
      }
    });
}

async function askCoordinator(
  context: CommandContext,
  command: Command,
  witness: { readonly sequence: number; readonly hash: string } | undefined,
): Promise<VerifyAuditLogResponse> {
  const { connection } = await context.open(command);
  return connection.audit.verifyAuditLog(
    { witnessSequence: witness?.sequence ?? 0, witnessHash: witness?.hash ?? '' },
    { deadline: verifyDeadlineMs },
  );
}

async function readExport(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw usage(`cannot read ${file}: ${HephaestusError.from(cause).message}`);
  }
}

function readWitness(text: string): { readonly sequence: number; readonly hash: string } {
  const match = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text);
  if (match === null) throw usage('--witness is written as SEQUENCE:HASH, as audit verify prints it');
  return { sequence: Number(match[1]), hash: match[2] ?? '' };
}

function verdictText({ records, headSequence, headHash, findings }: VerifyAuditLogResponse): string {
  const findingLines = findings.map(({ sequence, message }) => `✗ ${sequence === 0 ? 'log' : `record ${sequence}`}: ${message}`);
  const end = records === 0 ? 'no records' : `${records} records, the last is ${headSequence}:${headHash}`;
  return [...findingLines, findings.length === 0 ? `✓ whole: ${end}` : end].join('\n');
}

const columns: readonly Column<AuditRecord>[] = [
  { title: '#', value: (record) => String(record.sequence), right: true },
  { title: 'TIME', value: (record) => record.time?.toISOString() ?? '-' },
  { title: 'ACTOR', value: (record) => (record.actor === '' ? record.actorKind : record.actor) },
  { title: 'FROM', value: (record) => record.origin },
  { title: 'ACT', value: (record) => record.act },
  { title: 'SUBJECT', value: (record) => record.subject },
  { title: 'OUTCOME', value: (record) => record.outcome, colour: (record) => (record.outcome === 'done' ? undefined : 'yellow') },
  { title: 'DETAIL', value: (record) => (record.detail === '{}' ? '' : record.detail), stretch: true },
];
