// Sees to it that one state directory serves one agent: two would overwrite each other's positions and epochs.
// Must never outlive its process, whatever ends it: it is a socket's name, which the kernel takes back.
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { errnoOf, HephaestusError } from '../base/errors.ts';

export interface StateLock {
  release(): Promise<void>;
}

/**
 * An abstract socket (unix(7)) named by the folder's device and inode, so that other paths to the same folder meet the same lock.
 * It is seen by all processes of one network namespace.
 *
 * @throws HephaestusError `state.locked` if another agent has it
 */
export async function lockState(folder: string): Promise<StateLock> {
  const { dev, ino } = await stat(folder, { bigint: true });
  const server = createServer((socket) => socket.destroy());
  server.listen(`\0hephaestus-agent-${dev}-${ino}`);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const message =
      errnoOf(cause) === 'EADDRINUSE'
        ? `another agent runs on the state directory ${folder}: stop it, or give each agent a stateDirectory of its own`
        : `the state directory ${folder} cannot be locked: ${HephaestusError.from(cause).message}`;
    throw new HephaestusError({ code: 'state.locked', kind: 'system', message, cause });
  }
  server.unref();
  return {
    async release() {
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}
