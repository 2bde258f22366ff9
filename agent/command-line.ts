// The words of hephaestus-agent's command line, and what it says of them.
// Must never do what they ask; program.ts does.
import { parseArgs } from 'node:util';

export const environmentPrefix = 'HEPHAESTUS_AGENT';
const defaultFile = '/etc/hephaestus/agent.yaml';

export const usage = `Usage: hephaestus-agent [--config FILE] [run|check|enroll|sources]

Tails the logs of this host and streams them to a Hephaestus coordinator.

Commands:
  run      tail and ship until stopped (the default)
  check    check settings (all mistakes at once), sources, connection, certificate and clock, and change nothing
  enroll   make this host a node: trade a join token for a certificate
  sources  say for every file below /var/log, and every one that a source names, why it is or isn't tailed

Options:
  -c, --config FILE    settings (YAML); FILE.d/*.yaml are laid over it (default ${defaultFile})
  --coordinator ADDR   enroll: host:port, written into the settings
  --token TOKEN        enroll: the join token; others on this host may see it, so that --token-file is better
  --token-file FILE    enroll: the join token, - for standard input (or ${environmentPrefix}_JOIN_TOKEN, or the setting joinTokenFile)
  -o, --output FORMAT  check, sources: text for people (the default) or json for programs
  -h, --help           print this help
  -V, --version        print the version

Settings can be given by the environment: ${environmentPrefix}__LOG__LEVEL=debug sets log.level.
SIGHUP reads the settings again; SIGTERM ends the agent once what it sent is acknowledged.

Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 cannot reach the coordinator, 4 not allowed.
`;

const commands = ['run', 'check', 'enroll', 'sources'] as const;

export type CommandLine =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'wrong'; readonly message: string }
  | {
      readonly kind: 'command';
      readonly command: (typeof commands)[number];
      readonly file: string;
      readonly tokenFile: string | undefined;
      readonly token: string | undefined;
      readonly coordinator: string | undefined;
      readonly output: 'text' | 'json';
    };

export function readCommandLine(words: readonly string[]): CommandLine {
  const wrong = (message: string): CommandLine => ({ kind: 'wrong', message });
  let parsed;
  try {
    parsed = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        config: { type: 'string', short: 'c' },
        'token-file': { type: 'string' },
        token: { type: 'string' },
        coordinator: { type: 'string' },
        output: { type: 'string', short: 'o' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'V' },
      },
    });
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  if (values.help === true) return { kind: 'help' };
  if (values.version === true) return { kind: 'version' };
  const [word = 'run', ...more] = positionals;
  const command = commands.find((known) => known === word);
  if (command === undefined) return wrong(`there is no command "${word}"; there are ${commands.join(', ')}`);
  if (more.length > 0) return wrong(`"${more.join(' ')}" is one word too many`);
  const { token, coordinator, 'token-file': tokenFile } = values;
  const given = [token, coordinator, tokenFile].some((value) => value !== undefined);
  if (given && command !== 'enroll') return wrong('--coordinator, --token and --token-file are for enroll only');
  if (token !== undefined && tokenFile !== undefined) return wrong('--token and --token-file exclude each other');
  const { output = 'text' } = values;
  if (output !== 'text' && output !== 'json') return wrong(`--output ${output}: there are text and json`);
  if (values.output !== undefined && command !== 'check' && command !== 'sources') return wrong('--output is for check and sources only');
  return { kind: 'command', output, command, file: values.config ?? defaultFile, tokenFile, token, coordinator };
}
