// Passwords that stand where only the place says so: command lines, SQL, sentences, credential files, what a password was hashed to.
// Must never hold a credential that works anywhere.
import { describe, expect, it } from 'vitest';
import { Redaction } from '../../../analysis/redaction/redaction.ts';

const redaction = new Redaction({ key: Buffer.from('0123456789abcdef'), passes: [], allow: [] });
const redact = (text: string): string => redaction.redactText(text).text;
const password = 'Xk7pQz93vLm2';

describe('passwords known by their place', () => {
  it.each([
    `CREATE USER 'app'@'%' IDENTIFIED BY '${password}'`,
    `ALTER USER app IDENTIFIED WITH mysql_native_password BY '${password}'`,
    `CREATE USER app IDENTIFIED BY ${password}`,
    `ALTER ROLE app WITH LOGIN PASSWORD '${password}'`,
    `CREATE LOGIN app WITH PASSWORD = N'${password}'`,
    `machine api.example.com login bob password ${password}`,
    `db.example.com:5432:orders:app:${password}`,
    `exec: mysql -u root -p${password} orders`,
    `running sshpass -p '${password}' ssh bob@host`,
    `docker login -u bob -p ${password} registry.example.com`,
    `htpasswd -b /etc/nginx/users bob ${password}`,
    `open app:${password}@tcp(db:3306)/orders?parseTime=true`,
    `url jdbc:oracle:thin:app/${password}@//db:1521/o`,
    `Driver={ODBC};UID=sa;PWD={${password}};`,
    `Invalid password '${password}' for user bob`,
    `the password is ${password}`,
    `kennwort=${password}`,
    `mot_de_passe=${password}`,
    `senha: ${password}`,
    `wachtwoord=${password}`,
  ])('%s', (line) => {
    const redacted = redact(line);
    expect(redacted).not.toContain(password);
    expect(redacted).toContain('‹secret:');
  });

  it.each([
    'bob:$apr1$x7k2p9Qz$9mYk3bqJ7vL2pXw1Rt5uD/',
    'bob:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=',
    'hash $2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW',
    'stored $argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21l$RdescudvJCsgt3ub+b8dWRWJTmaasXz',
    'root:$6$rounds=5000$saltsalt$Xk7pQz93vLm2a8Fk2LmQ9zX4vB7nC1tY6wE3Xk7pQz93vLm2:19000:0:99999',
  ])('what a password was turned into: %s', (line) => {
    expect(redact(line)).toContain('‹secret:password-hash:');
  });

  it.each([
    'mkdir -p /var/lib/app',
    'the password is incorrect for user bob',
    "wrong password 'required' in form",
    'docker run -p 8080:80 web',
    'mysqld started with -port 3306',
    'sorted by "name" and by \'date\'',
    'user@tcp is no address',
    'connect ena: link up on eth0',
    's/$1$2/x/ replaced',
  ])('leaves alone: %s', (line) => {
    expect(redact(line)).toBe(line);
  });
});
