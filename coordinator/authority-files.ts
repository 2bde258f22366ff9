// Authorities as files of the state directory, or as the configuration names them.
// Must never leave a key and a certificate that don't belong together: each step can be taken up again after a crash.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../base/atomic-file.ts';
import type { Clock } from '../base/clock.ts';
import { HephaestusError, errnoOf } from '../base/errors.ts';
import type { AuthorityKeeper, AuthorityState } from './nodes/authorities.ts';
import { CertificateAuthority, createAuthority } from './nodes/certificate-authority.ts';
import { stateFiles } from './state-directory.ts';

export interface AuthorityFilesOptions {
  readonly stateDirectory: string;
  readonly trustDomain: string;
  readonly clock: Clock;
}

/** `ca.crt`, `ca.key`; while a new one is handed out `ca-next.crt`, `ca-next.key`; while the old one is trusted `ca-previous.crt`. */
export function keepAuthorityFiles({ stateDirectory, trustDomain, clock }: AuthorityFilesOptions): AuthorityKeeper {
  const { caCertificate, caKey } = stateFiles(stateDirectory);
  const nextCertificate = join(stateDirectory, 'ca-next.crt');
  const nextKey = join(stateDirectory, 'ca-next.key');
  const previousCertificate = join(stateDirectory, 'ca-previous.crt');

  const readPair = async (certificateFile: string, keyFile: string): Promise<CertificateAuthority | undefined> => {
    const [certificate, key] = [await readIfThere(certificateFile), await readIfThere(keyFile)];
    if (certificate === undefined || key === undefined) return undefined;
    return CertificateAuthority.open({ certificate, key }, trustDomain, `${certificateFile} and ${keyFile}`);
  };
  /** The old certificate is kept first; then key and certificate follow; what is staged goes last, so that a crash shows. */
  const finishActivation = async (): Promise<void> => {
    const [key, certificate] = [await readIfThere(nextKey), await readIfThere(nextCertificate)];
    if (key === undefined || certificate === undefined) return;
    await writeFileAtomically(caKey, key, 0o600);
    await writeFileAtomically(caCertificate, certificate, 0o644);
    await rm(nextKey, { force: true });
    await rm(nextCertificate, { force: true });
  };
  const load = async (): Promise<AuthorityState> => {
    // The new key is in place already: the activation was cut off.
    const staged = await readIfThere(nextKey);
    if (staged !== undefined && staged === (await readIfThere(caKey))) await finishActivation();
    const current = await readPair(caCertificate, caKey);
    if (current === undefined) {
      const message = `${caCertificate} and ${caKey}: they are not both there; run: hephaestus-coordinator --config FILE init`;
      throw new HephaestusError({ code: 'state.missing', kind: 'validation', message });
    }
    const previous = await readIfThere(previousCertificate);
    return { current, next: await readPair(nextCertificate, nextKey), alsoTrusted: previous === undefined ? [] : [previous] };
  };
  return {
    load,
    async stage() {
      const made = await createAuthority(clock.now());
      await writeFileAtomically(nextKey, made.key, 0o600);
      await writeFileAtomically(nextCertificate, made.certificate, 0o644);
      return load();
    },
    async activate() {
      await writeFileAtomically(previousCertificate, await readFile(caCertificate), 0o644);
      await finishActivation();
      return load();
    },
    async retire() {
      await rm(previousCertificate, { force: true });
      return load();
    },
  };
}

export interface ConfiguredAuthority {
  /** PEM: the signing certificate first, then those up to the root. */
  readonly certificate: string;
  readonly key: string;
  readonly alsoTrust: readonly string[];
}

/** An authority of the configuration: rotated by editing it, with `alsoTrust` for the overlap. */
export function readConfiguredAuthority(configured: ConfiguredAuthority, trustDomain: string): AuthorityKeeper {
  const load = async (): Promise<AuthorityState> => {
    const pair = { certificate: await readRequired(configured.certificate), key: await readRequired(configured.key) };
    const current = await CertificateAuthority.open(pair, trustDomain, `${configured.certificate} and ${configured.key}`);
    return { current, next: undefined, alsoTrusted: await Promise.all(configured.alsoTrust.map(readRequired)) };
  };
  const refuse = async (): Promise<never> => {
    throw new HephaestusError({
      code: 'authority.not-possible',
      kind: 'validation',
      message:
        'the authority comes from the configuration: name the new one under certificates.alsoTrust, restart, wait until all nodes renewed, then swap the two and restart',
    });
  };
  return { load, stage: refuse, activate: refuse, retire: refuse };
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw HephaestusError.from(cause);
  }
}

async function readRequired(file: string): Promise<string> {
  const text = await readIfThere(file);
  if (text !== undefined) return text;
  throw new HephaestusError({ code: 'authority.unusable', kind: 'validation', message: `certificates: ${file} is not there` });
}
