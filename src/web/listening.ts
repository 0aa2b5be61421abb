/** The socket side: time limits, requests too broken to be a request, and a stop that waits for those under way, but not for long. */

import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface ListenAt {
  readonly address: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
}
export interface Listening {
  /** Rejects when the address cannot be had. */
  listen(at: ListenAt): Promise<{ address: string; port: number }>;
  /** Done within two seconds, whatever the requests under way do. */
  close(): Promise<void>;
}

const limits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  maxHeaderSize: 16 * 1024,
  insecureHTTPParser: false,
  // The server itself refuses a request without Host, with all the headers that every response has.
  requireHostHeader: false,
} as const;
const patience = 1_500;

interface Needs {
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  readonly headers: Readonly<Record<string, string>>;
}

export function listening({ handler, headers }: Needs): Listening {
  let server: Server | null = null;
  let isClosing = false;
  const connections = new Set<Socket>();
  /** Connections on which a request is being answered. */
  const busy = new Set<Socket>();

  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    busy.add(socket);
    response.once('close', () => {
      busy.delete(socket);
      if (isClosing) socket.end();
    });
    if (isClosing) response.setHeader('Connection', 'close');
    handler(request, response);
  };
  const keep = (socket: Socket): void => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  };
  const cut = (isSpared: (socket: Socket) => boolean): void => {
    for (const socket of connections) if (!isSpared(socket)) socket.destroy();
  };

  return {
    listen({ address, port, tls }) {
      const opened = tls ? createTlsServer({ ...limits, ...tls, minVersion: 'TLSv1.2' }, serve) : createServer(limits, serve);
      server = opened;
      opened.on(tls ? 'secureConnection' : 'connection', keep);
      opened.on('clientError', (problem: NodeJS.ErrnoException, socket: Duplex) => refuseBroken(problem, socket, headers));
      opened.on('checkExpectation', (_: IncomingMessage, response: ServerResponse) => {
        response.writeHead(417, headers).end();
      });
      return new Promise((resolve, reject) => {
        opened.once('error', reject);
        opened.listen({ host: address, port }, () => {
          opened.off('error', reject);
          const bound = opened.address() as AddressInfo;
          resolve({ address: bound.address, port: bound.port });
        });
      });
    },
    async close() {
      const closing = server;
      if (closing === null) return;
      server = null;
      isClosing = true;
      const closed = new Promise<void>((resolve) => closing.close(() => resolve()));
      cut((socket) => busy.has(socket));
      const impatience = setTimeout(() => {
        cut(() => false);
        closing.closeAllConnections();
      }, patience);
      await Promise.race([closed, after(patience + 200)]);
      clearTimeout(impatience);
    },
  };
}

/** A connection whose TLS handshake never came keeps a server open; it holds no request, so nobody waits for it longer than this. */
const after = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds).unref());

const statusOf: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** Not parseable (two lengths, say: RFC 9112 section 6.3), too long in its head, or too slow. */
function refuseBroken(problem: NodeJS.ErrnoException, socket: Duplex, headers: Readonly<Record<string, string>>): void {
  if (problem.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = statusOf[problem.code ?? ''] ?? 400;
  const head = Object.entries({ ...headers, Connection: 'close', 'Content-Length': '0' }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head.join('')}\r\n`);
}
