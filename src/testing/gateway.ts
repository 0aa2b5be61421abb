/** A gateway for text messages on loopback: it keeps what it was asked, and answers as a test wishes. No text goes on from here. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AskedOfGateway {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Gateway {
  readonly url: string;
  /** Oldest first. */
  readonly asked: readonly AskedOfGateway[];
  close(): Promise<void>;
}

const taken = (response: ServerResponse): void => void response.writeHead(201).end('queued');

export async function startGateway(answer: (response: ServerResponse) => void = taken): Promise<Gateway> {
  const asked: AskedOfGateway[] = [];
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const { method, url, headers } = request;
    asked.push({ method, url, headers, body: Buffer.concat(pieces).toString() });
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
