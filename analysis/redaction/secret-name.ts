// Judges from a name whether what it names is a secret: `db_password`, `X-Api-Key`, `sessionId`, but not `primaryKey`.
// Must never look at values.

/**
 * `sure`: any value is one. `likely`: a value that looks drawn at random is one. `weak`: so, and it must stand in an
 * assignment. `no`: it names something else.
 */
export type NameStrength = 'sure' | 'likely' | 'weak' | 'no';

export interface NameJudgement {
  readonly strength: NameStrength;
  readonly kind: string;
}

/** Tokens that only say where a list or a protocol stands. */
const openTokens =
  /(?:page|next|continuation|dedup|cancellation|sync|change|resume|cursor|watch|fencing|lexer|parser|syntax|max|min|total|prompt|completion|input|output|num|unexpected)tokens?$/;

const no: NameJudgement = { strength: 'no', kind: '' };

/** Say how a secret is used, where it lies or how long it is; not what it is. */
const aboutIt =
  /(?:file|path|dir|folder|url|uri|endpoint|host|type|name|count|length|len|size|limit|policy|expires?|expiry|expiration|expiresin|ttl|age|at|time|timeout|algorithm|alg|version|status|state|error|errors|manager|provider|service|store|storage|required|enabled|disabled|valid|invalid|ref|arn|rotation|reset|changed?|attempts?|usage|index|format|prefix|suffix|map|list|range|schema|field|column|event|press|down|up|code|class|owner|budget|bucket|rate|ring|board|word|words|space|frame|ized|izer|ization|used|refresh|resolver|factory|filter|handler|listener|interceptor|util|utils|generator|validator|encoder|backed|only)$/;

/** Keys that everybody may know. */
const publicKeys =
  /(?:public|pub|primary|foreign|cache|sort|partition|routing|idempotency|idempotent|hash|range|row|object|map|dict|record|entry|config|lookup|index|unique|composite|natural|surrogate|sharding|shard|group|message|event|metric|label|translation|locale|i18n|registry|host|hot|mon|don|tur|tur|whis|joc|disk|bro|cluster|block|item|field|column|storage|state|lock|queue|topic|kafka|redis|document|node|redirect|short|meta|data|tag|enum|property|param|parameter|header|feature|flag|issue|project|job|test|trace|span)keys?$/;

/** Parts at the end that change nothing. */
const qualifiers =
  /(?:value|val|string|str|text|plain|raw|base|hash|hashed|prod|production|live|test|testing|dev|staging|old|new|current|previous|primary|secondary|main|id|env|var|param|header|b64|base64|encoded|encrypted|[0-9]+)$/;

const families: readonly (readonly [RegExp, NameStrength, string])[] = [
  [
    /(?:password|passwd|passphrase|passwort|passcode|pwd|userpass|dbpass|pass|psk|presharedkey|pepper|mnemonic|seedphrase|recoveryphrase|(?:^|[a-z0-9])pw)$/,
    'sure',
    'password',
  ],
  [
    /(?:apikey|apitoken|apisecret|appkey|appsecret|accountkey|accesskey|sharedkey|secretkey|privatekey|signingkey|encryptionkey|masterkey|authkey|licensekey|licencekey|servicekey|writekey|adminkey|functionkey|hostkeyprivate|subscriptionkey|storagekey|integrationkey|deploykey|userkey|globalkey)$/,
    'sure',
    'api-key',
  ],
  [
    /(?:clientsecret|consumersecret|sharedsecret|appsecret|authsecret|jwtsecret|webhooksecret|sessionsecret|cookiesecret|tokensecret|accesssecret|oauthsecret|signingsecret|secretaccess)$/,
    'sure',
    'secret',
  ],
  [
    /(?:accesstoken|authtoken|refreshtoken|idtoken|bearertoken|sessiontoken|securitytoken|oauthtoken|usertoken|bottoken|personaltoken|privatetoken|jobtoken|vaulttoken|deploytoken|registrationtoken|runnertoken|xsrftoken|csrftoken|logintoken|signintoken|resettoken)$/,
    'sure',
    'token',
  ],
  [/(?:authorization|xauth|proxyauth|basicauth|httpauth|^auth|dockerauth|registryauth)$/, 'sure', 'authorization'],
  [/(?:honeycombteam|ovhconsumer|jenkinscrumb)$/, 'sure', 'token'],
  [/(?:^|card)(?:cvv2?|cvc2?|cvn)$/, 'sure', 'card-code'],
  [/(?:^|user|login|sms|mail)(?:t?otp|mfacode)$/, 'sure', 'one-time-code'],
  [/secrets?$/, 'sure', 'secret'],
  [/(?:codeverifier|assertion|samlresponse)$/, 'likely', 'token'],
  [/(?:token|tokens|jwt)$/, 'likely', 'token'],
  [/(?:credentials?|creds?)$/, 'likely', 'credential'],
  [/(?:session|sess|^sid|connectsid|sessionkey|cookies?)$/, 'likely', 'session'],
  [/(?:signature|sig|accesssign|hmac|otp|nonce)$/, 'likely', 'signature'],
  [/auth$/, 'likely', 'authorization'],
  [/keys?$/, 'weak', 'key'],
];

/** @param name as it stands, letters of both cases, dashes, dots and underscores */
export function judgeName(name: string): NameJudgement {
  let bare = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  if (/^(?:old)?pwd$/.test(bare) && name === name.toUpperCase()) return { strength: 'likely', kind: 'password' };
  for (let cuts = 0; cuts < 4; cuts += 1) {
    for (const [pattern, strength, kind] of families) {
      if (!pattern.test(bare)) continue;
      if (strength === 'weak' && (publicKeys.test(bare) || /^keys?$/.test(bare))) return /^keys?$/.test(bare) ? { strength, kind } : no;
      if (kind === 'token' && openTokens.test(bare)) return no;
      if (kind === 'password' && bare === 'pass') return { strength: 'likely', kind };
      if (kind === 'password' && /(?:by|com|sur|tres|over|under|multi|single|one|two|first|second|band|low|high|im|view)pass$/.test(bare))
        return no;
      return { strength, kind };
    }
    const shorter = bare.replace(qualifiers, '');
    if (shorter === bare || shorter === '') break;
    bare = shorter;
  }
  // The word stands somewhere in it: `password_for_root`, `tokenOfTheDay`, unless it says something about the secret.
  if (aboutIt.test(bare)) return no;
  if (/passw(?:or)?d|passphrase|apikey|secret/.test(bare)) return { strength: 'likely', kind: 'secret' };
  return /token/.test(bare) && !/tokeni/.test(bare) ? { strength: 'weak', kind: 'token' } : no;
}
