// What a person does about a problem of the host or the network: the steps in their order, with the names and numbers that the log gives.
// Must never put a stranger's text into a command: a value that isn't plainly a host, a port or a path is left for the reader to fill in.

export interface Runbook {
  /** What the words say of the cause. */
  readonly cause: string;
  /** Each with a command to look or act by. */
  readonly steps: readonly string[];
}

interface Told {
  readonly words: string;
  readonly service: string;
}

interface Chapter {
  readonly says: RegExp;
  readonly cause: (told: Told) => string;
  readonly steps: (told: Told) => readonly string[];
}

/** errno names as libuv, glibc, Go and the JVM write them, and the messages of the programs concerned. */
const chapters: readonly Chapter[] = [
  {
    says: /\bENOSPC\b|no space left on device|disk (?:is )?full/i,
    cause: ({ words }) => `The file system of ${pathIn(words) ?? 'what was written to'} has no space left, or no inodes.`,
    steps: ({ words }) => {
      const path = pathIn(words) ?? 'PATH';
      return [
        `\`df -h ${path}; df -i ${path}\` tells which of the two is used up, and where it is mounted`,
        `\`du -xh --max-depth=2 $(findmnt -n -o TARGET -T ${path}) | sort -h | tail -20\` shows what takes the space (\`du --inodes\` for inodes)`,
        '`lsof +L1` shows files that are deleted and still held open; restarting who holds them frees them',
        '`journalctl --disk-usage`, then `journalctl --vacuum-size=500M`, where the journal is what grew',
        'Make room or grow the volume, then bound what grew (rotation, retention, a quota)',
      ];
    },
  },
  {
    says: /certificate has expired|CERT_HAS_EXPIRED|certificate expired|x509: certificate has expired|NotAfter/i,
    cause: ({ words }) => `A certificate is no longer valid${on(hostIn(words))}.`,
    steps: ({ words }) => {
      const host = hostIn(words) ?? 'HOST';
      const port = portIn(words) ?? '443';
      return [
        `\`echo | openssl s_client -connect ${host}:${port} -servername ${host} 2>/dev/null | openssl x509 -noout -subject -issuer -dates\` shows which one, and since when`,
        '`timedatectl` shows that the clock here is right: a wrong one makes good certificates look expired',
        'Renew it where it is issued (`certbot renew`, the mesh, the cloud), reload who serves it, and look again with the first command',
        'Find out why it was not renewed by itself (`systemctl list-timers`, the log of whatever renews), and watch its end date',
      ];
    },
  },
  {
    says: /\bEADDRINUSE\b|address already in use|bind\(\) to .{1,80} failed \(98/i,
    cause: ({ words }) =>
      `Port ${portIn(words) ?? '(see the message)'} is taken by another process, or by an earlier one that has not ended.`,
    steps: ({ words, service }) => {
      const port = portIn(words) ?? 'PORT';
      return [
        `\`ss -ltnp 'sport = :${port}'\` shows who listens`,
        `\`systemctl status ${service}\` and \`systemctl list-units '${service}*'\` show whether it was started twice`,
        'End the process that should not be there, or give one of the two another port; where a restart was too quick, let the unit wait for the old process (`KillMode=mixed`, `TimeoutStopSec=`)',
      ];
    },
  },
  {
    says: /\bEMFILE\b|\bENFILE\b|too many open files/i,
    cause: ({ service }) => `${service} holds as many open files and sockets as it may.`,
    steps: ({ service }) => [
      `\`pid=$(systemctl show -p MainPID --value ${service}); ls /proc/$pid/fd | wc -l; grep 'open files' /proc/$pid/limits\` shows how many, and how many it may`,
      `\`ls -l /proc/$pid/fd | awk '{print $NF}' | sed 's/[0-9].*//' | sort | uniq -c | sort -n | tail\` shows of what kind; a count that only rises is a leak, and raising the limit only puts it off`,
      `\`systemctl edit ${service}\` with \`[Service]\` and \`LimitNOFILE=\`, then \`systemctl restart ${service}\`, where the number is what the load needs`,
    ],
  },
  {
    says: /out of memory|\boom[-_ ]?kill|\bENOMEM\b|cannot allocate memory|OutOfMemoryError/i,
    cause: ({ service }) => `Memory ran out: of the host, of the limit that ${service} has, or of its own heap.`,
    steps: ({ service }) => [
      "`journalctl -k -g 'out of memory|oom-kill' -n 20` shows whether the kernel killed something, and whose limit it was (`CONSTRAINT_MEMCG` is a unit's or container's)",
      `\`systemctl show -p MemoryMax,MemoryHigh,MemoryPeak,MemoryCurrent ${service}\` shows the limit and the use`,
      '`free -m; ps -eo pid,rss,comm --sort=-rss | head -15` shows who has it',
      'A use that rises from start to end is a leak: take a heap profile before raising anything. One that follows the load needs a higher limit, less at a time, or another host',
    ],
  },
  {
    says: /\bEAI_AGAIN\b|\bENOTFOUND\b|name or service not known|no such host|name resolution|getaddrinfo|NXDOMAIN|UnknownHostException/i,
    cause: ({ words }) => `The name ${hostIn(words) ?? 'of the other side'} could not be resolved.`,
    steps: ({ words }) => {
      const host = hostIn(words) ?? 'HOST';
      return [
        `\`getent hosts ${host}; resolvectl query ${host}\` shows whether it is so still, and who was asked`,
        '`resolvectl status`, `cat /etc/resolv.conf` show the resolvers; `EAI_AGAIN` means that none answered, `ENOTFOUND` that one said no',
        `\`dig ${host} @RESOLVER\` from another host tells the resolver from the path to it`,
        'Correct the name where it is configured, or mend the resolver; a service that asks often should keep answers for their TTL',
      ];
    },
  },
  {
    says: /\bECONNREFUSED\b|connection refused/i,
    cause: ({ words }) =>
      `Nothing listens at ${[hostIn(words), portIn(words)].filter((part) => part !== undefined).join(':') || 'the other side'}.`,
    steps: ({ words }) => {
      const host = hostIn(words) ?? 'HOST';
      const port = portIn(words) ?? 'PORT';
      return [
        `\`nc -vz ${host} ${port}\` shows whether it is so still`,
        `\`ss -ltnp 'sport = :${port}'\` on that host shows whether anything listens, and on which address (127.0.0.1 is not reached from elsewhere)`,
        '`systemctl --failed; journalctl -p err -b -n 50` there shows why it does not',
        'Start it, or correct the address here; then see that this service tries again instead of giving up',
      ];
    },
  },
  {
    says: /\bETIMEDOUT\b|\bEHOSTUNREACH\b|\bENETUNREACH\b|no route to host|network is unreachable/i,
    cause: ({ words }) => `The way to ${hostIn(words) ?? 'the other side'} is closed or too slow.`,
    steps: ({ words }) => {
      const host = hostIn(words) ?? 'HOST';
      return [
        `\`ip route get $(getent ahostsv4 ${host} | awk 'NR==1 {print $1}')\` shows the way out`,
        `\`nc -vz -w 5 ${host} ${portIn(words) ?? 'PORT'}\`, \`mtr -rwc 20 ${host}\` show how far it goes`,
        '`nft list ruleset`, and the rules of the cloud on both sides, show what is dropped: a refusal answers, a dropped packet does not',
      ];
    },
  },
  {
    says: /\bEROFS\b|read-only file system/i,
    cause: ({ words }) =>
      `The file system of ${pathIn(words) ?? 'what was written to'} is read-only: mounted so, or by the kernel after an error of the disk.`,
    steps: ({ words }) => [
      `\`findmnt -T ${pathIn(words) ?? 'PATH'}\` shows how it is mounted; a unit's \`ProtectSystem=\` and a container's settings make it so as well`,
      "`journalctl -k -g 'I/O error|remount|EXT4-fs error|XFS'` shows whether a disk failed; then save what can be read before anything else",
    ],
  },
  {
    says: /\bEACCES\b|\bEPERM\b|permission denied|operation not permitted|status=217\/USER/i,
    cause: ({ words, service }) => `${service} may not use ${pathIn(words) ?? 'what the message names'}.`,
    steps: ({ words, service }) => [
      `\`namei -l ${pathIn(words) ?? 'PATH'}\` shows owner and rights of every folder on the way`,
      `\`systemctl show -p User,Group,ReadWritePaths,ProtectSystem,ProtectHome ${service}\` shows as whom it runs and what its unit keeps from it`,
      "`journalctl -k -g 'apparmor|avc:' -n 20` shows whether it was AppArmor or SELinux",
      'Give the rights to the service’s own user or group (`chown`, `setfacl`), or the path to the unit (`ReadWritePaths=`); not to everybody',
    ],
  },
  {
    says: /clock skew|RequestTimeTooSkewed|not yet valid|clock (?:is )?(?:wrong|unsynchroni[sz]ed)|time (?:has )?(?:jumped|drifted)|Clock Unsynchronized/i,
    cause: () => 'The clocks of the two sides differ by more than is allowed.',
    steps: () => [
      '`timedatectl; chronyc tracking` (or `timedatectl timesync-status`) shows whether this host’s clock is kept, and how far off it is',
      '`chronyc sources -v` shows whether a time server answers: UDP 123 has to be open to it',
      '`chronyc makestep` sets it at once; on a virtual machine see also what the hypervisor does with the clock',
    ],
  },
  {
    says: /status=203\/EXEC|status=200\/CHDIR|status=226\/NAMESPACE|bad unit file setting|Failed to (?:start|load) [\w@.-]+\.(?:service|timer|socket|mount)|start request repeated too quickly/i,
    cause: () => 'systemd could not start a unit as it is written, or gave it up.',
    steps: ({ words, service }) => {
      const unit = /\b([\w@.-]{1,80}\.(?:service|timer|socket|mount))\b/.exec(words)?.[1] ?? service;
      return [
        `\`systemctl status ${unit}; journalctl -u ${unit} -b -n 50\` shows the first failure; the later ones follow from it`,
        `\`systemd-analyze verify $(systemctl show -p FragmentPath --value ${unit})\` checks the file; \`systemctl cat ${unit}\` shows it with its drop-ins`,
        '203/EXEC: the program is not there or not executable; 200/CHDIR: the working folder; 217/USER: the user; 226/NAMESPACE: a path of the sandbox',
        `\`systemctl daemon-reload; systemctl reset-failed ${unit}; systemctl start ${unit}\` once that is mended`,
      ];
    },
  },
];

/** @param words type and message of the problem, as they were logged */
export function findRunbook(words: string, service: string): Runbook | undefined {
  const chapter = chapters.find(({ says }) => says.test(words));
  if (chapter === undefined) return undefined;
  const told = { words: words.slice(0, 4_000), service: /^[\w@.-]{1,80}$/.test(service) ? service : 'SERVICE' };
  return { cause: chapter.cause(told), steps: chapter.steps(told) };
}

/** An absolute path that no shell makes anything else of. */
function pathIn(words: string): string | undefined {
  return /(?:^|[\s'"“(=:])(\/[\w.@+-][\w./@+-]{1,200})(?=$|[\s'"”),:;\]])/.exec(words)?.[1]?.replace(/[.:]+$/, '');
}

/** A name with a dot in it, an address, or what stands where resolvers and TLS libraries write the name. */
function hostIn(words: string): string | undefined {
  const named =
    /(?:getaddrinfo|lookup|resolve(?:d)?(?: host)?:?|querying|dial tcp:? lookup|connect(?: to)?(?: [A-Z]+)?|UnknownHostException:|host(?:name)?[:= ]|https?:\/\/)\s?(?:EAI_AGAIN |ENOTFOUND |ECONNREFUSED |ETIMEDOUT )?["'“]?([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?=$|[\s'"”):,/])/i.exec(
      words,
    )?.[1];
  const host = named ?? /\b((?:[a-z0-9-]{1,63}\.){1,8}(?:[a-z]{2,24}|internal|local|lan)|\d{1,3}(?:\.\d{1,3}){3})\b/i.exec(words)?.[1];
  return host === undefined || /^\d{1,5}$/.test(host) || /^(?:on|of|in|to|for|EAI_AGAIN|ENOTFOUND)$/i.test(host) ? undefined : host;
}

function portIn(words: string): string | undefined {
  return /(?:\]|:::|[\w*.-]):(\d{2,5})\b(?!:\d)|\bport[ :=]{1,2}(\d{2,5})\b|:::(\d{2,5})\b/i
    .exec(words)
    ?.slice(1)
    .find((port) => port !== undefined && Number(port) <= 65_535);
}

function on(host: string | undefined): string {
  return host === undefined ? '' : ` (${host})`;
}
