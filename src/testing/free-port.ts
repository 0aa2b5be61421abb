/** A port for a server that is told its port before it starts. */

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below those that the kernel gives to whoever asks for any (ip_local_port_range), so that nobody has it by the time it is bound; and none that browsers refuse. */
const [first, end] = [10_100, 32_000];

export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = randomInt(first, end);
    if (await isFree(port)) return port;
  }
  throw new Error('no free port');
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
