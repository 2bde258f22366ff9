// Finds passwords that command lines hold without a sign before them, and those in addresses of databases that are no URLs.
// Must never take a word for a password where the command doesn't say so.
import type { Probe } from './finding.ts';
import { placeProbe, word, type PlaceRule } from './place-rule.ts';

const rules: readonly PlaceRule[] = [
  // Command lines
  {
    anchors: [' -p ', " -p'", ' -p"'],
    before: /(?:sshpass|(?:docker|podman|helm|nerdctl|registry|oc|az|cf)\b.{0,60}\blogin|mongo\w*)\b[^|;&]{0,120}$/,
    value: new RegExp(`^ -p ?${word}`, 'd'),
    kind: 'password',
  },
  {
    anchors: [[' ', '-', 'p', 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789']],
    before: /\b(?:mysql\w*|mariadb[\w-]*|sshpass)\b[^|;&]{0,160}$/,
    value: new RegExp(`^ -p${word}`, 'd'),
    kind: 'password',
    isMixed: true,
  },
  { anchors: ['wd -'], before: /\bhtpass$/, value: new RegExp(`^wd -\\w*b\\w* \\S{1,120} \\S{1,80} ${word}`, 'd'), kind: 'password' },
  {
    anchors: [' -a ', " -a'", ' -a"'],
    before: /\b(?:redis-cli|valkey-cli|keydb-cli)\b[^|;&]{0,120}$/,
    value: new RegExp(`^ -a ?${word}`, 'd'),
    kind: 'password',
  },
  {
    anchors: [' -w ', " -w'", ' -w"'],
    before: /\b(?:ldap\w+|ds\w+|svn|net|ipmitool)\b[^|;&]{0,160}$/,
    value: new RegExp(`^ -w ?${word}`, 'd'),
    kind: 'password',
  },
  {
    anchors: [' -k ', ' -K ', ' -P '],
    before: /(?:\bopenssl enc\b|\b(?:zip|unzip|ipmitool|sqlcmd|bcp|tsql|snmp\w+|smbclient)\b)[^|;&]{0,160}$/,
    value: new RegExp(`^ -[kKP] ?${word}`, 'd'),
    kind: 'password',
  },
  {
    anchors: ['plus'],
    before: /\bsql$/,
    value: /^plus (?:-\w+ ){0,4}["']?[^/\s"']{1,64}\/([^@\s"']{3,128})["']?(?=@|\s|["']|$)/d,
    kind: 'password',
  },
  { anchors: ['echo'], value: /^echo (?:-\w+ )?["']?[\w.-]{1,64}:([^\s"'|]{3,128})["']? ?\| ?(?:sudo )?chpasswd/d, kind: 'password' },
  { anchors: ['ndpw'], anyCase: true, before: /bi$/i, value: new RegExp(`^ndpw[ \\t]{1,8}${word}`, 'di'), kind: 'password' },
  { anchors: ['snmp'], anyCase: true, value: new RegExp(`^snmp-server community ${word}`, 'di'), kind: 'password' },
  {
    anchors: ['word', 'cret', '-key'],
    anyCase: true,
    before: /(?:pass|se|\b|key|md5|tacacs|radius)[\w-]{0,24}$/i,
    value: /^(?:word|cret|-key) (?:[057] )([0-9A-Fa-f]{8,128}|\$\S{8,128})(?=\s|$)/di,
    kind: 'password',
  },
  {
    anchors: [' -U '],
    before: /\b(?:smbclient|rpcclient|net|smbmap|mount\.cifs|winexe|wmic)\b[^|;&]{0,160}$/,
    value: /^ -U ["']?[^%\s"']{1,80}%([^\s"']{3,128})/d,
    kind: 'password',
  },
  {
    anchors: ['_use', 'ge_p'],
    before: /\brabbitmqctl (?:-\S+ \S+ )?(?:add|chan)$/,
    value: new RegExp(`^(?:_user|ge_password) \\S{1,80} ${word}`, 'd'),
    kind: 'password',
  },
  { anchors: ['et u'], anyCase: true, before: /\bn$/i, value: /^et user \S{1,64} ([^\s/]{3,128}) \/(?:add|domain)/di, kind: 'password' },
  { anchors: ['htok'], before: /\bngrok (?:config add-)?aut$/, value: new RegExp(`^htoken ${word}`, 'd'), kind: 'token' },
  { anchors: ['SSWS'], value: /^SSWS ([\w-]{20,128})/d, kind: 'authorization' },
  {
    anchors: [[' ', '-', 'p', 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789']],
    before: /\b(?:7z[ar]?|rar|unrar)\b[^|;&]{0,160}$/,
    value: new RegExp(`^ -p${word}`, 'd'),
    kind: 'password',
  },
  { anchors: [' -a '], before: /\bhttps?\b[^|;&:]{0,80}$/, value: new RegExp(`^ -a ["']?[\\w.@-]{1,80}:${word}`, 'd'), kind: 'password' },
  { anchors: [' -u '], before: /\blftp\b[^|;&]{0,80}$/, value: new RegExp(`^ -u ["']?[\\w.@-]{1,80},${word}`, 'd'), kind: 'password' },
  {
    anchors: ['echo'],
    value: /^echo (?:-\w+ )?["']?([^\s"'|]{3,128})["']? ?\| ?(?:sudo -S|.{0,60}(?:-stdin\b|passwd\b))/d,
    kind: 'password',
  },
  { anchors: ['ogin'], before: /\bvault l$/, value: new RegExp(`^ogin (?!-)${word}`, 'd'), kind: 'token', isMixed: true },
  { anchors: ['body'], before: /\bgh (?:secret|variable) set .{0,80}--$/, value: new RegExp(`^body[ =]${word}`, 'd'), kind: 'secret' },
  // Addresses of databases that are no URLs
  { anchors: ['@tcp', '@uni'], before: /[\w.-]{1,80}:[^\s"'@]{1,128}$/, value: /^(@)(?:tcp|unix)\(/d, kind: 'url-password' },
  { anchors: ['hin:'], before: /\bjdbc:oracle:t$/, value: /^hin:[^/\s]{1,80}\/([^@\s]{3,128})@/d, kind: 'url-password' },
  { anchors: ['wd={'], anyCase: true, before: /\bp$/i, value: /^wd=\{([^}\n]{3,128})\}/di, kind: 'password' },
  { anchors: [':543'], value: /^:543\d:[^:\s]{1,80}:[^:\s]{1,80}:([^\s:]{3,128})(?=\s|$)/d, kind: 'password' },
  { anchors: ['sip:', 'ips:'], value: /^(?:sip|ips):[\w.+-]{1,64}:([^@\s;>]{3,128})@/d, kind: 'url-password' },
];

export const commandProbes: readonly Probe[] = rules.map(placeProbe);
