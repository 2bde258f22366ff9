// Reads a join token: what it says of the coordinator's authority, and the secret that it is traded for.
// Must never put the secret into a message.
import { Secret } from '../../base/secret.ts';

/** `heph1.<hash of the authority's public key>.<id>.<secret>` */
export interface JoinToken {
  /** SHA-256 (hex) of the authority's SubjectPublicKeyInfo (DER). */
  readonly authorityHash: string;
  /** Names the token in listings and logs; not secret. */
  readonly id: string;
  /** The whole token, as it is sent. */
  readonly text: Secret;
}

export type JoinTokenOutcome =
  | { readonly kind: 'read'; readonly token: JoinToken }
  | { readonly kind: 'malformed'; readonly reason: string };

export function readJoinToken(text: string): JoinTokenOutcome {
  const trimmed = text.trim();
  const malformed = (reason: string): JoinTokenOutcome => ({ kind: 'malformed', reason });
  if (trimmed === '') return malformed('it is empty');
  const [version, authorityHash, id, secret, ...rest] = trimmed.split('.');
  if (version !== 'heph1') return malformed('it does not begin with "heph1."; copy the whole token that hephaestusctl printed');
  if (authorityHash === undefined || !/^[0-9a-f]{64}$/.test(authorityHash)) return malformed('its second part is no SHA-256 in hex');
  if (id === undefined || !/^[A-Za-z0-9_-]{1,64}$/.test(id)) return malformed('its third part, the id, is missing or malformed');
  if (secret === undefined || secret === '' || rest.length > 0) return malformed('it must have four parts; copy the whole token');
  return { kind: 'read', token: { authorityHash, id, text: new Secret(trimmed) } };
}
