import { appendFileSync } from 'node:fs';

const file = process.env.LOG_FILE;

export function log(level, message) {
  const line = `${new Date().toISOString()} ${level.padEnd(5)} [orders] ${message}\n`;
  if (file === undefined) process.stderr.write(line);
  else appendFileSync(file, line);
}
