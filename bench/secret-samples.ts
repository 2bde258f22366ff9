// Credentials of many kinds, made up at random, in the lines that programs write them into.
// Must never be looked at by the rules; its kinds come from the vendors' documentation.

const digits = '0123456789';
const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const hex = `${digits}abcdef`;
const alnum = digits + lower + upper;
const url = `${alnum}-_`;

/** A shape: text in quotes of its own stands, `{alphabet,length}` is drawn. */
const shapes: readonly (readonly [string, readonly (string | readonly [string, number])[]])[] = [
  ['aws access key', ['AKIA', [upper + '234567', 16]]],
  ['aws temporary key', ['ASIA', [upper + '234567', 16]]],
  ['gcp key', ['AIza', [url, 35]]],
  ['gcp oauth token', ['ya29.', [url, 80]]],
  ['gcp client secret', ['GOCSPX-', [url, 28]]],
  ['azure client secret', [[alnum, 3], '8Q~', [`${alnum}_~.-`, 34]]],
  ['digitalocean', ['dop_v1_', [hex, 64]]],
  ['github classic', ['ghp_', [alnum, 36]]],
  ['github app', ['ghs_', [alnum, 36]]],
  ['github fine-grained', ['github_pat_', [alnum, 22], '_', [alnum, 59]]],
  ['gitlab', ['glpat-', [url, 20]]],
  ['gitlab runner', ['glrt-', [url, 20]]],
  ['slack bot', ['xoxb-', [digits, 11], '-', [digits, 12], '-', [alnum, 24]]],
  ['slack app', ['xapp-1-A', [alnum, 10], '-', [digits, 13], '-', [hex, 64]]],
  ['slack webhook', ['https://hooks.slack.com/services/T', [alnum, 9], '/B', [alnum, 9], '/', [alnum, 24]]],
  ['discord webhook', ['https://discord.com/api/webhooks/', [digits, 18], '/', [url, 68]]],
  ['telegram', [[digits, 10], ':AA', [url, 33]]],
  ['stripe secret', ['sk_live_', [alnum, 24]]],
  ['stripe restricted', ['rk_live_', [alnum, 24]]],
  ['stripe webhook', ['whsec_', [alnum, 32]]],
  ['square', ['sq0atp-', [url, 22]]],
  ['shopify', ['shpat_', [hex, 32]]],
  ['twilio', ['SK', [hex, 32]]],
  ['sendgrid', ['SG.', [url, 22], '.', [url, 43]]],
  ['mailgun', ['key-', [hex, 32]]],
  ['mailchimp', [[hex, 32], '-us14']],
  ['npm', ['npm_', [alnum, 36]]],
  ['pypi', ['pypi-AgEIcHlwaS5vcmc', [url, 150]]],
  ['rubygems', ['rubygems_', [hex, 48]]],
  ['docker', ['dckr_pat_', [url, 27]]],
  ['openai', ['sk-proj-', [url, 48]]],
  ['anthropic', ['sk-ant-api03-', [url, 93], 'AA']],
  ['hugging face', ['hf_', [lower + upper, 34]]],
  ['replicate', ['r8_', [alnum, 37]]],
  ['vault', ['hvs.', [url, 90]]],
  ['terraform cloud', [[alnum, 14], '.atlasv1.', [url, 67]]],
  ['databricks', ['dapi', [hex, 32]]],
  ['grafana', ['glsa_', [alnum, 32], '_', [hex, 8]]],
  ['new relic', ['NRAK-', [upper + digits, 27]]],
  ['linear', ['lin_api_', [alnum, 40]]],
  ['notion', ['ntn_', [alnum, 46]]],
  ['figma', ['figd_', [url, 40]]],
  ['postman', ['PMAK-', [hex, 24], '-', [hex, 34]]],
  ['planetscale', ['pscale_tkn_', [url, 43]]],
  ['supabase', ['sbp_', [hex, 40]]],
  ['tailscale', ['tskey-auth-', [alnum, 17], '-', [alnum, 32]]],
  ['jwt', ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI', [alnum, 40], '.', [url, 43]]],
  ['age', ['AGE-SECRET-KEY-1', [upper + digits, 58]]],
];

/** Values that only their surroundings give away. */
const named: readonly (readonly [string, number])[] = [
  [hex, 32],
  [alnum, 24],
  [`${alnum}+/`, 40],
  [lower + digits, 12],
  [`${alnum}!#%*`, 14],
];

const anyLine = [
  'upstream said no to %',
  '{"level":"error","msg":"call failed","v":"%"}',
  '2026-11-23T03:12:58Z WARN worker 4 retry with % after 3 s',
  "ValueError('%')",
  'a=1 b=% c=3',
];
const namingLine = [
  'login failed password=% from web',
  '{"user":"ann","client_secret":"%"}',
  'GET /cb?code=1&access_token=%&x=1 HTTP/1.1',
  'X-Api-Key: %',
  'Authorization: Bearer %',
  'DB_PASSWORD=% NODE_ENV=production',
  "config = {apiKey: '%', timeout: 5}",
  'connecting to postgres://app:%@db.internal:5432/app',
];

/** The same samples every time. */
export function formatSamples(): readonly { readonly label: 'secret'; readonly text: string; readonly secret: string }[] {
  let state = 88_172_645;
  const draw = (below: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  const text = (alphabet: string, length: number): string => Array.from({ length }, () => alphabet[draw(alphabet.length)] ?? '').join('');
  const valueOf = (parts: readonly (string | readonly [string, number])[]): string =>
    parts.map((part) => (typeof part === 'string' ? part : text(...part))).join('');
  const sample = (line: string, secret: string) => ({ label: 'secret' as const, text: line.replace('%', () => secret), secret });
  return [
    ...shapes.flatMap(([, parts]) => anyLine.flatMap((line) => [0, 1].map(() => sample(line, valueOf(parts))))),
    ...named.flatMap(([alphabet, length]) => namingLine.flatMap((line) => [0, 1, 2].map(() => sample(line, text(alphabet, length))))),
  ];
}
