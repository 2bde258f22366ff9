import { createServer } from 'node:http';
import { handle } from './app.js';

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  const answer = handle({ method: request.method, path: request.url, body: text === '' ? undefined : JSON.parse(text) });
  response.writeHead(answer.status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer.body));
});

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1');
