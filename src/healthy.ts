/** The container's health check: asks the server beside it whether it is alive; exit 0 or 1. It knows nothing of what is served. */

import http from 'node:http';
import https from 'node:https';

const port = Number(process.env.LATCHKEY_LISTEN__PORT ?? 8080);
const place = { host: '127.0.0.1', port, path: '/healthz', timeout: 3000 };

const isAlive = (ask: () => http.ClientRequest): Promise<boolean> =>
  new Promise((resolve) => {
    const request = ask();
    request.on('response', (response) => resolve(response.resume().statusCode === 200));
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
    request.end();
  });

// With TLS of its own the certificate names the public address, never this one; nothing is sent that it could protect.
const alive = (await isAlive(() => http.request(place))) || (await isAlive(() => https.request({ ...place, rejectUnauthorized: false })));
process.exit(alive ? 0 : 1);
