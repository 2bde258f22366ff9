// Replays the request that an incident's log lines recorded. Exit status: 0 answered, 1 failed, 2 nothing to replay.
import { text } from 'node:stream/consumers';
import { handle } from '../src/app.js';

const incident = JSON.parse(await text(process.stdin));
const lines = incident.occurrences.flatMap((occurrence) => occurrence.raw.split('\n'));
const logged = lines.map((line) => / (GET|POST) (\S+) failed body=(.*)$/.exec(line)).find((match) => match !== null);

if (logged === undefined) {
  console.error('no logged request in this incident');
  process.exitCode = 2;
} else {
  const [, method, path, body] = logged;
  console.log(`replaying ${method} ${path} ${body}`);
  try {
    const answer = handle({ method, path, body: body === '' ? undefined : JSON.parse(body) });
    console.log(`answered ${answer.status} ${JSON.stringify(answer.body)}`);
  } catch (error) {
    console.error(error.stack);
    process.exitCode = 1;
  }
}
