// The errors of nodes that several files throw.
// Must never hold logic.
import { HephaestusError } from '../../base/errors.ts';

export function nodeNotFound(idOrName: string): HephaestusError {
  return new HephaestusError({
    code: 'node.not-found',
    kind: 'validation',
    message: `there is no node ${idOrName}; list them with: hephaestusctl nodes list`,
  });
}

export function removedError(nodeId: string): HephaestusError {
  return new HephaestusError({
    code: 'node.removed',
    kind: 'validation',
    message: `node ${nodeId} was removed; enrol the host again with a new join token`,
  });
}

/** A newer session of the same node began. If that keeps happening, two hosts share one identity. */
export function replacedError(nodeId: string): HephaestusError {
  return new HephaestusError({
    code: 'session.replaced',
    kind: 'operational',
    retry: 'safe',
    message: `another session of node ${nodeId} began; two hosts may share one state directory`,
  });
}

export function invalidNode(path: string, message: string): HephaestusError {
  return new HephaestusError({ code: 'node.invalid', kind: 'validation', message: `${path} ${message}`, details: [{ path, message }] });
}
