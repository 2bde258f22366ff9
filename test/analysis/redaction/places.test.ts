// Secrets in the places and spellings that languages, configuration formats, protocols and people use, and what looks like them.
// Must never hold a credential that works anywhere.
import { describe, expect, it } from 'vitest';
import { Redaction } from '../../../analysis/redaction/redaction.ts';

const redaction = new Redaction({ key: Buffer.from('0123456789abcdef'), passes: [], allow: [] });
const redact = (text: string): string => redaction.redactText(text).text;
const secret = 'Tr0ub4dor3x';
const random = 'q8ZkW2mLx9Tv4Bn7Yc1Rd6Eh';
const hex = '9f86d081884c7d659a2feaa0c55ad015';

describe('a password vanishes', () => {
  it.each([
    `password=Some("${secret}")`,
    `password: Optional[${secret}]`,
    `{"password":["${secret}"]}`,
    `map[Password:[${secret}] Host:[db]]`,
    `password=b'${secret}'`,
    `password: |\n    ${secret}\n`,
    `password: !!str ${secret}`,
    `- name: DB_PASSWORD\n  value: ${secret}\n`,
    `{"key":"db.password","value":{"stringValue":"${secret}"}}`,
    `Content-Disposition: form-data; name="password"\r\n\r\n${secret}\r\n--x`,
    `<key>password</key>\n  <string>${secret}</string>`,
    `<wsse:Password Type="PasswordText">${secret}</wsse:Password>`,
    `<password><![CDATA[${secret}]]></password>`,
    `{&quot;password&quot;:&quot;${secret}&quot;}`,
    `{\\u0022password\\u0022:\\u0022${secret}\\u0022}`,
    `\u001b[31mpassword\u001b[0m=\u001b[32m${secret}\u001b[0m`,
    `[{password,<<"${secret}">>}]`,
    `redirect=%252Fcb%253Fpassword%253D${secret}`,
    `smtp_pass = ${secret}`,
    `| password | ${secret} |`,
    `keytool -storepass ${secret} -list`,
    `INSERT INTO users (name, password) VALUES ('ann', '${secret}')`,
    `redis-cli -h cache -a ${secret} ping`,
    `ldapsearch -x -D cn=admin -w ${secret} -b dc=x`,
    `echo 'ann:${secret}' | chpasswd`,
    `echo ${secret} | docker login --password-stdin`,
    `sqlplus app/${secret}@orcl`,
    `7z x -p${secret} a.7z`,
    `contraseña: ${secret}`,
    `пароль=${secret}`,
    `密码：${secret}`,
    `wachtwoord=${secret}`,
    `wifi_psk="${secret}"`,
  ])('%s', (text) => expect(redact(text)).not.toContain(secret));
});

describe('a token vanishes', () => {
  it.each([
    `Authorization: SSWS ${random}`,
    `Authorization: Digest username="ann", realm="x", nonce="${random}", response="${random}"`,
    `GET /cb?code=${random}&state=1`,
    `GET /reset-password/${random} 200`,
    `X-Honeycomb-Team: ${random}`,
    `{"kty":"oct","k":"${random}"}`,
    `SAMLResponse=${random}${random}&RelayState=x`,
    `Private-Lines: 1\n${random}\n`,
  ])('%s', (text) => expect(redact(text)).not.toContain(random));

  it.each([
    `pataB3dE5gH7jK9mN.${hex}${hex}`,
    `1/1199123456789012:${hex}`,
    `AVNS_${random.slice(0, 19)}`,
    `rejected BBDC-${random}${random}`,
    `Administrator:500:${hex}:${hex}:::`,
    `scrypt:32768:8:1$aB3dE5gH7jK9mNpQ$${hex}${hex}`,
    `AUTH PLAIN ${Buffer.from('\0ann@example.org\0secret1').toString('base64')}`,
    `card declined cvv=123`,
    `Your verification code is 562418`,
  ])('%s', (text) => expect(redact(text)).not.toBe(text));
});

describe('what looks alike stays', () => {
  it.each([
    'secret "default-token-x7k2p" not found',
    'GET /products?sku=AB12CD34EF56GH78&code=12345678901234567 HTTP/1.1',
    'GET /verify/550e8400-e29b-41d4-a716-446655440000 HTTP/1.1',
    'password: must contain at least 8 characters',
    'password: field required',
    'Password(min=8, max=64) validator loaded',
    'Node(key=5, value=abc)',
    're_indexed_documents_2024_11_23_count=12',
    'fw_rule_0001_drop_all_incoming',
    '    #1 0x7f1bb40eebec in pepper::AutoBuffer::AllocateBuffer(unsigned long) /home/a/pep_auto_buffer.cpp:69',
    'ROOT LOGIN ON tty2',
    'ANONYMOUS FTP LOGIN FROM 84.102.20.2,  (anonymous)',
    '{"a":1,"d":"2024-11-23T03:12:58.123456Z"}',
    'digest: sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
    'model: gpt-4o-mini tokens=1532 prompt_tokens=1200',
    'senha inválida',
    'user | password | role',
    'cookie: path=/; secure',
  ])('%s', (text) => expect(redact(text)).toBe(text));
});
