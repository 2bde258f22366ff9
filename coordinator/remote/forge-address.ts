// Where a forge and a repository on it are, read from the repository's URL.
// Must never ask the network.
import { HephaestusError } from '../../base/errors.ts';

export interface ForgeAddress {
  /** `https://HOST`; http for a forge on this host. */
  readonly origin: string;
  /** With all groups: `group/subgroup`. */
  readonly owner: string;
  readonly name: string;
}

/**
 * `https://HOST/owner/name(.git)`, `git@HOST:owner/name.git` and `ssh://git@HOST/owner/name`; `groups` allows more than one part before
 * the name. @throws HephaestusError `remote.url-invalid`
 */
export function readForgeAddress(url: string, groups = false): ForgeAddress {
  const scp = /^(?:[\w.-]+@)?([\w.-]+):(?!\/\/)(.+)$/.exec(url);
  const parsed = scp === null && URL.canParse(url) ? new URL(url) : undefined;
  const host = scp?.[1] ?? (parsed?.protocol === 'ssh:' ? parsed.hostname : parsed?.host);
  const parts = (scp?.[2] ?? parsed?.pathname ?? '').split('/').filter((part) => part !== '');
  const name = parts.pop()?.replace(/\.git$/, '');
  if (host === undefined || host === '' || name === undefined || name === '' || parts.length === 0 || (parts.length > 1 && !groups)) {
    throw new HephaestusError({
      code: 'remote.url-invalid',
      kind: 'validation',
      message: `'${url}' is no address of a repository at a forge; write https://HOST/OWNER/NAME`,
    });
  }
  return { origin: `${parsed?.protocol === 'http:' ? 'http' : 'https'}://${host}`, owner: parts.join('/'), name };
}
