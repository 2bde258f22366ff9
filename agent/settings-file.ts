// Writes the coordinator's address into the agent's configuration file, leaving all else in it as it is, comments too.
// Must never read the settings for the agent; base/config.ts does.
import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseDocument } from 'yaml';
import { writeFileAtomically } from '../base/atomic-file.ts';
import { HephaestusError, errnoOf } from '../base/errors.ts';
import { parseCoordinatorAddress } from './session/coordinator-address.ts';

const beginning = `# The agent's settings; every one is shown in /usr/share/doc/hephaestus-agent/examples/agent.yaml.
coordinator: ''

sources:
  - id: journal
    journal: {}
  - id: logs
    file:
      include: [/var/log/*.log, /var/log/*/*.log]
      # The journal has these lines already. A host that takes the logs of others by rsyslog wants them included.
      exclude: ['/var/log/{auth,cron,daemon,kern,lpr,mail,user}.log']
`;

/** @throws HephaestusError `config.invalid` if it is no address, or the file no YAML; the system's error where it can't be written */
export async function setCoordinator(file: string, address: string): Promise<void> {
  if (parseCoordinatorAddress(address) === undefined)
    throw invalid(`--coordinator ${address} must be host:port, such as coordinator.example.org:7443`);
  const present = await readIfThere(file);
  const document = parseDocument(present ?? beginning);
  if (document.errors.length > 0) throw invalid(`${file} cannot be read as YAML: ${document.errors[0]?.message ?? ''}`);
  if (document.get('coordinator') === address) return;
  document.set('coordinator', address);
  await mkdir(dirname(file), { recursive: true, mode: 0o755 });
  const mode = present === undefined ? 0o644 : (await stat(file)).mode & 0o777;
  await writeFileAtomically(file, document.toString({ lineWidth: 0, flowCollectionPadding: false }), mode);
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw HephaestusError.from(cause);
  }
}

function invalid(message: string): HephaestusError {
  return new HephaestusError({ code: 'config.invalid', kind: 'validation', message });
}
