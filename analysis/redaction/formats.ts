// The credentials that are known by how they begin: one row a family.
// Must never list what is public by design, such as publishable keys, or shapes that ordinary words have.
import { ALNUM, BASE64, DIGIT, HEX, TOKEN, WORD, type ByteClass } from './byte-classes.ts';

/** Base64 with percent signs. */
const ENCODED: ByteClass = Uint8Array.from(BASE64, (bit, code) => (bit === 1 || code === 0x25 ? 1 : 0));
const ADDRESS: ByteClass = Uint8Array.from(TOKEN, (bit, code) => (bit === 1 || code === 0x40 ? 1 : 0));

/** A credential that begins with a fixed text. */
export interface Format {
  readonly kind: string;
  readonly prefixes: readonly string[];
  /** What it goes on with, to the end of the run. */
  readonly body: ByteClass;
  /** Bytes behind the prefix, at least. */
  readonly least: number;
  /** Somewhere behind the prefix there is a digit; for beginnings that words have too. */
  readonly hasDigit: boolean;
  /** It must look drawn at random; for beginnings that names in code have too. */
  readonly isRandom: boolean;
}

type Row = readonly [kind: string, prefixes: string, body: ByteClass, least: number, sign?: 'digit' | 'random'];

// Sources: the vendors' documentation of their tokens. Lengths are lower bounds, since vendors lengthen tokens more often than prefixes.
const rows: readonly Row[] = [
  ['aws-key', 'AKIA ASIA ABIA ACCA AROA AIDA AGPA ANPA ANVA A3T', ALNUM, 15],
  ['aws-bedrock-key', 'ABSK bedrock-api-key-', BASE64, 20],
  ['gcp-key', 'AIza', WORD, 30],
  ['gcp-token', 'ya29. 1//0 GOCSPX-', TOKEN, 20],
  ['alibaba-key', 'LTAI', ALNUM, 16],
  ['yandex-key', 'AQVN YCAJE', WORD, 20, 'digit'],
  ['yandex-token', 't1. y0_AgA', TOKEN, 40],
  ['digitalocean-token', 'dop_v1_ doo_v1_ dor_v1_', HEX, 32],
  ['heroku-key', 'HRKU-', WORD, 30],
  ['fly-token', 'fo1_ fm1_ fm1a_ fm1r_ fm2_', BASE64, 40],
  ['github-token', 'ghp_ gho_ ghu_ ghs_ ghr_', ALNUM, 30],
  ['github-token', 'github_pat_', WORD, 22],
  ['gitlab-token', 'glpat- gldt- glrt- glrtr- glcbt- glptt- glft- glsoat- glimt- glagent- gloas- glffct-', TOKEN, 16],
  ['gitlab-token', 'GR1348941', WORD, 16],
  ['bitbucket-token', 'ATBB', ALNUM, 24, 'digit'],
  ['atlassian-token', 'ATATT3 ATCTT3 ATSTT3', TOKEN, 40],
  ['sourcegraph-token', 'sgp_ slk_', WORD, 40],
  ['slack-token', 'xoxa- xoxb- xoxc- xoxd- xoxe- xoxo- xoxp- xoxr- xoxs- xoxe. xapp-', TOKEN, 10, 'digit'],
  ['webhook', 'hooks.slack.com/services/ hooks.slack.com/workflows/ hooks.slack.com/triggers/', TOKEN, 20],
  ['webhook', 'discord.com/api/webhooks/ discordapp.com/api/webhooks/ hooks.zapier.com/hooks/catch/', TOKEN, 12],
  ['webhook', 'webhook.office.com/webhookb2/', ADDRESS, 40],
  ['stripe-key', 'sk_live_ sk_test_ sk_prod_ rk_live_ rk_test_ rk_prod_ whsec_', ALNUM, 10],
  ['square-token', 'sq0atp- sq0csp- sq0idp- EAAA', WORD, 22, 'digit'],
  ['facebook-token', 'EAAM EAAC EAAB EAAG', ALNUM, 60, 'digit'],
  ['paypal-token', 'access_token$production$ access_token$sandbox$', ALNUM, 16],
  ['razorpay-key', 'rzp_live_ rzp_test_', ALNUM, 14],
  ['flutterwave-key', 'FLWSECK FLWPUBK', WORD, 12, 'digit'],
  ['easypost-key', 'EZAK EZTK', ALNUM, 50],
  ['shippo-token', 'shippo_live_ shippo_test_', HEX, 32],
  ['shopify-token', 'shpat_ shpca_ shppa_ shpss_', HEX, 32],
  ['plaid-token', 'access-sandbox- access-development- access-production-', WORD, 30],
  ['duffel-token', 'duffel_live_ duffel_test_', TOKEN, 30],
  ['npm-token', 'npm_', ALNUM, 30],
  ['pypi-token', 'pypi-AgE', WORD, 40],
  ['rubygems-key', 'rubygems_', HEX, 40],
  ['clojars-token', 'CLOJARS_', ALNUM, 40],
  ['nuget-key', 'oy2', ALNUM, 43, 'digit'],
  ['docker-token', 'dckr_pat_ dckr_oat_', WORD, 24],
  ['artifactory-key', 'AKCp cmVmdGtu cmVmd', ALNUM, 50],
  ['sendgrid-key', 'SG.', TOKEN, 50],
  ['sendinblue-key', 'xkeysib- xsmtpsib-', WORD, 40],
  ['mailgun-key', 'key-', HEX, 32],
  ['mailgun-key', 'pubkey-', HEX, 32],
  ['openai-key', 'sk-proj- sk-svcacct- sk-admin- sk-or-v1- sk-ant-', WORD, 20],
  ['openai-key', 'sk-', WORD, 24, 'digit'],
  ['model-key', 'gsk_ xai- pplx- r8_ nvapi- tgp_v1_', WORD, 32, 'digit'],
  ['hugging-face-token', 'hf_ api_org_', ALNUM, 30],
  ['postman-key', 'PMAK-', WORD, 40],
  ['vault-token', 'hvs. hvb. hvr.', WORD, 20],
  ['terraform-token', 'atlasv1.', TOKEN, 50],
  ['pulumi-token', 'pul-', HEX, 40],
  ['databricks-token', 'dapi', HEX, 32],
  ['doppler-token', 'dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.', ALNUM, 32],
  ['dynatrace-token', 'dt0c01. dt0s01. dt0s16.', TOKEN, 40],
  ['grafana-token', 'glc_ glsa_', TOKEN, 30],
  ['sentry-token', 'sntrys_ sntryu_', TOKEN, 40],
  ['newrelic-key', 'NRAK- NRJS- NRII- NRAL-', WORD, 15],
  ['linear-key', 'lin_api_ lin_oauth_', ALNUM, 32],
  ['notion-token', 'ntn_ secret_', ALNUM, 40, 'digit'],
  ['figma-token', 'figd_ figo_', WORD, 30],
  ['frameio-token', 'fio-u-', TOKEN, 40],
  ['typeform-token', 'tfp_', TOKEN, 40],
  ['readme-token', 'rdme_', ALNUM, 50],
  ['prefect-token', 'pnu_', ALNUM, 32],
  ['planetscale-token', 'pscale_tkn_ pscale_oauth_ pscale_pw_', TOKEN, 24],
  ['supabase-token', 'sbp_', HEX, 40],
  ['netlify-token', 'nfp_ nfc_', ALNUM, 32],
  ['contentful-token', 'CFPAT-', WORD, 40],
  ['cloudflare-key', 'v1.0-', TOKEN, 60],
  ['tailscale-key', 'tskey-', WORD, 20],
  ['circleci-token', 'CCIPAT_', WORD, 40],
  ['buildkite-token', 'bkua_ bkaa_', ALNUM, 32],
  ['sonar-token', 'squ_ sqp_ sqa_', HEX, 32],
  ['infracost-key', 'ico-', ALNUM, 30],
  ['hubspot-token', 'pat-na1- pat-eu1- pat-na2-', WORD, 32],
  ['octopus-key', 'API-', ALNUM, 25, 'digit'],
  ['settlemint-token', 'sm_aat_ sm_pat_ sm_sat_', ALNUM, 12],
  ['intra42-secret', 's-s4t2ud- s-s4t2af-', HEX, 50],
  ['scalingo-token', 'tk-us- tk-eu-', WORD, 40],
  ['authress-key', 'sc_ ext_ scauth_ authress_', TOKEN, 60, 'digit'],
  ['defined-key', 'dnkey-', TOKEN, 40],
  ['clickhouse-key', '4b1d', ALNUM, 38],
  ['onepassword-token', 'ops_eyJ', TOKEN, 60],
  ['onepassword-key', 'A3-', WORD, 32, 'digit'],
  ['age-key', 'AGE-SECRET-KEY-1', ALNUM, 40],
  ['openshift-token', 'sha256~', WORD, 40],
  ['amazon-mws-token', 'amzn.mws.', TOKEN, 30],
  ['adobe-secret', 'p8e-', HEX, 32],
  ['langsmith-key', 'lsv2_pt_ lsv2_sk_', WORD, 32],
  ['riot-key', 'RGAPI-', WORD, 32],
  ['launchdarkly-key', 'sdk-', WORD, 36, 'digit'],
  ['mapbox-token', 'sk.eyJ', TOKEN, 40],
  ['mollie-key', 'live_ test_', ALNUM, 30, 'digit'],
  ['firebase-token', 'APA91b', TOKEN, 100],
  ['dropbox-token', 'sl.B sl.A sl.u.', TOKEN, 100, 'digit'],
  ['aws-session-token', 'IQoJb3JpZ2lu FwoGZXIvYXdz', BASE64, 60],
  ['tencent-key', 'AKID', ALNUM, 30, 'digit'],
  ['aiven-password', 'AVNS_', WORD, 16],
  ['bitbucket-token', 'BBDC-', TOKEN, 40],
  ['github-token', 'v1.', HEX, 40],
  ['neon-key', 'napi_', ALNUM, 40],
  ['mongodb-secret', 'mdb_sa_sk_', WORD, 30],
  ['cockroach-key', 'CCDB1_', WORD, 40],
  ['supabase-token', 'sb_secret_', WORD, 24],
  ['vercel-token', 'vcp_ vci_ vca_ vcr_ vck_', ALNUM, 40],
  ['deno-token', 'ddp_ ddo_', ALNUM, 34],
  ['upcloud-token', 'ucat_', ALNUM, 24],
  ['webhook', 'open.larksuite.com/open-apis/bot/v2/hook/ open.feishu.cn/open-apis/bot/v2/hook/ /with/key/', TOKEN, 18],
  ['stripe-key', 'whsec_', BASE64, 24],
  ['square-token', 'EAAAl EAAAE', WORD, 50],
  ['adyen-key', 'AQE', BASE64, 90],
  ['paddle-key', 'pdl_live_apikey_ pdl_sdbx_apikey_', WORD, 40],
  ['xendit-key', 'xnd_production_ xnd_development_', ALNUM, 40],
  ['midtrans-key', 'Mid-', WORD, 27, 'random'],
  ['klarna-key', 'klarna_live_ klarna_test_', TOKEN, 30],
  ['checkout-key', 'sk_sbox_', WORD, 20],
  ['secret-token', 'secret-token:', TOKEN, 10],
  ['klaviyo-key', 'pk_', HEX, 34],
  ['resend-key', 're_', WORD, 30, 'random'],
  ['elevenlabs-key', 'sk_', HEX, 40],
  ['model-key', 'csk- pcsk_ tvly- jina_ fw_ wandb_v1_ sk-lf- voyage-', WORD, 24, 'random'],
  ['crates-token', 'cio', ALNUM, 32, 'digit'],
  ['packagist-token', 'packagist_uut_ packagist_out_ packagist_oac_', ALNUM, 30],
  ['snyk-token', 'snyk_uat. snyk_sat.', TOKEN, 40],
  ['circleci-token', 'CCIPRJ_', WORD, 40],
  ['posthog-key', 'phx_ phs_', WORD, 40],
  ['honeycomb-key', 'hcaik_ hcbik_ hcxik_ hcxlk_ hcamk_', ALNUM, 40],
  ['twitter-token', 'AAAAAAAAAAAAAAAAAAAAA', ENCODED, 50],
  ['twitch-token', 'oauth:', ALNUM, 30],
  ['trello-token', 'ATTA', HEX, 60],
  ['intercom-token', 'dG9rOg', BASE64, 40],
  ['vk-token', 'vk1.a.', TOKEN, 80],
  ['stytch-secret', 'secret-live- secret-test-', WORD, 30],
  ['canva-secret', 'cnvca', WORD, 40],
  ['paseto', 'v1.local. v2.local. v3.local. v4.local. v1.public. v2.public. v3.public. v4.public.', TOKEN, 40],
  ['macaroon', 'MDAx MDAy MDAz', BASE64, 90, 'random'],
  ['dropbox-token', 'sl.', TOKEN, 120, 'random'],
  ['gocardless-token', 'live_', WORD, 36, 'random'],
  ['encoded-password', 'cGFzc3dvcmQ', BASE64, 8],
  ['nostr-key', 'nsec1', ALNUM, 50],
  // Base64 of the first line of a private key, as cluster configurations hold it.
  ['private-key', 'LS0tLS1CRUdJTiBSU0EgUFJJVkF LS0tLS1CRUdJTiBQUklWQVRF LS0tLS1CRUdJTiBFQyBQUklW LS0tLS1CRUdJTiBPUEVOU1NI', BASE64, 24],
];

export const formats: readonly Format[] = rows.map(([kind, prefixes, body, least, sign]) => ({
  kind,
  prefixes: prefixes.split(' '),
  body,
  least,
  hasDigit: sign !== undefined,
  isRandom: sign === 'random',
}));

/** True if some byte from `start` to `end` is a digit. */
export function hasDigit(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) if (DIGIT[bytes[i] as number] === 1) return true;
  return false;
}
