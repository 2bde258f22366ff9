// Tells what visitors of a public service do wrong or ask for, and its log merely reports: logins that fail, pages nobody has, broken
// handshakes, statements that were cancelled.
// Must never hold what the service itself may be to blame for, such as a database that refuses its own application.

/** Words, in lower case, that only a server says of who came to it. */
const words: readonly string[] = [
  // Logins of shells.
  'failed password for',
  'authentication failure; ',
  'more authentication failure',
  'too many authentication failures',
  'maximum authentication attempts exceeded',
  'authentication failure for ',
  'failed keyboard-interactive',
  'failed publickey for',
  'failed none for',
  'before authentication',
  '[preauth]',
  'invalid user ',
  'illegal user ',
  'kex_exchange_identification',
  'kex_protocol_error',
  'banner exchange',
  'banner line contains',
  'bad protocol version identification',
  'protocol major versions differ',
  'no matching key exchange method',
  'no matching host key type',
  'failed su ',
  // Logins of mail and web.
  '(auth failed, ',
  'no auth attempts',
  'login authentication failed: ',
  'plain authentication failed: ',
  // Handshakes, as the side that accepts reports them.
  'ssl_accept error',
  'ssl handshake failure',
  'tls handshake error from ',
  'while ssl handshaking, client',
  'from client: connection reset',
  // Requests that no server could have served.
  'no route matches [',
  'error parsing http request',
  'invalid http_host header',
  '<badreq>',
  'invalid uri in request',
  'client denied by server configuration',
  'not found or unable to stat',
  // What an operator or a client asked for, and what isn't up yet.
  'due to administrator command',
  'due to user request',
  'after error: context canceled',
  'the database system is starting up',
  'the database system is shutting down',
  // Other people's names.
  'with reduced feature level',
  "lame server resolving '",
  "unreachable) resolving '",
];

/** Said of a request beside its client's address. */
const ofClients: readonly string[] = [
  'no such file or directory',
  'is not found (2:',
  'forbidden by rule',
  'directory index of',
  'was not found in "',
  'password mismatch',
  'client sent ',
  'client closed connection',
  'invalid method',
  'invalid host',
];

/** @param text in lower case */
export function isVisitorNoise(text: string): boolean {
  if (words.some((word) => text.includes(word))) return true;
  return (text.includes(', client: ') || text.includes('[client ')) && ofClients.some((word) => text.includes(word));
}
