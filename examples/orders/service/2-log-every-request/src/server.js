import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { handle } from './app.js';
import { log } from './log.js';

const server = createServer(async (request, response) => {
  const id = randomUUID();
  const begun = performance.now();
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  const answer = respond(id, request, text);
  response.writeHead(answer.status, { 'content-type': 'application/json', 'x-request-id': id });
  response.end(JSON.stringify(answer.body));
  log('INFO', `request_id=${id} ${request.method} ${request.url} ${answer.status} ${(performance.now() - begun).toFixed(1)}ms`);
});

function respond(id, request, text) {
  try {
    return handle({ method: request.method, path: request.url, body: text === '' ? undefined : JSON.parse(text) });
  } catch (error) {
    log('ERROR', `request_id=${id} ${request.method} ${request.url} failed body=${text}\n${error.stack}`);
    return { status: 500, body: { error: 'internal error', requestId: id } };
  }
}

const port = Number(process.env.PORT ?? 8080);
server.listen(port, '127.0.0.1', () => log('INFO', `listening on 127.0.0.1:${server.address().port}`));
process.once('SIGTERM', () => {
  log('INFO', 'stopping');
  server.close();
});
