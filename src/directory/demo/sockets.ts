/**
 * ldapjs's server as the demo directory needs it: every request of every socket goes to one function of ours, and no byte that a client sends can
 * end or hang the process. The only file of the demo that imports ldapjs (3.0.7, which will not change any more); what is cured is said at each cure.
 */

import type { Server as NetServer, Socket } from 'node:net';

import ldapjs from 'ldapjs';

import type { ServerCertificate } from '../certificate.ts';
import { type Answer, codes, refused, type Session } from './exchange.ts';
import { type Element, firstElement, frames } from './frames.ts';
import type { Operations } from './operations.ts';
import { type AnswerControl, controlsOf, searchEntry } from './outgoing.ts';
import { type Control, type Envelope, openEnvelope, readSearch } from './incoming.ts';
import { type Message, requestOf } from './requests.ts';
import { supported } from './search.ts';

export interface Sockets {
  readonly port: number;
  /** Drops every connection. */
  close(): Promise<void>;
}

/** Listens on loopback only; port 0 picks a free one. A certificate makes it LDAPS. Rejects when the port is taken. */
export async function openSockets(wish: { port: number; certificate?: ServerCertificate; operations: Operations }): Promise<Sockets> {
  const { cert, key } = wish.certificate ?? {};
  const server = library.createServer({ ...(cert && key ? { certificate: cert, key } : {}), connectionRouter: admit });
  // Below TLS: so that one whose handshake never ends is dropped too.
  const open = new Set<Socket>();
  server.server.on('connection', (socket) => {
    open.add(socket.on('close', () => open.delete(socket)));
    // An answer of two writes would otherwise wait 40 ms for the client's acknowledgement of the first.
    socket.setNoDelay(true);
  });

  /** ldapjs reads straight from the socket: a malformed message makes its readers throw into the socket's event, or loop for ever. */
  function admit(socket: Socket): void {
    server.newConnection(socket);
    const read = socket.listeners('data')[0] as (message: Buffer) => void;
    const feed = frames((message) => {
      arriving = openEnvelope(message);
      read(arriving.bare);
    });
    socket.removeAllListeners('data').on('data', (piece: Buffer) => {
      try {
        feed(piece);
      } catch {
        socket.destroy();
      }
    });
  }
  /** Of the message that ldapjs is reading; it calls `take` before it returns. */
  let arriving: Envelope;

  // Instead of ldapjs's routing by name, which leaves an anonymous bind and unknown extended operations out.
  server._getHandlerChain = () => ({ backend: server, handlers: [take] });
  const sessions = new WeakMap<Socket, Session & { turn: Promise<void> }>();

  /** The requests of one connection are answered in their order. */
  function take(message: Message & Arrived, response: Response): void {
    const [socket, envelope] = [message.connection, arriving];
    if (message.type === 'UnbindRequest') return void socket.end();
    if (message.type === 'AbandonRequest') return;
    const session = sessions.get(socket) ?? { boundTo: null, isRestricted: false, turn: Promise.resolve() };
    sessions.set(socket, session);
    session.turn = session.turn
      .then(async () => send(await answer(session, message, envelope), { message, envelope, response }))
      .catch(() => void socket.destroy());
  }

  async function answer(session: Session, message: Message, envelope: Envelope): Promise<Answer> {
    if (envelope.controls.some((control) => isUnknownAndCritical(control, message)))
      return refused(codes.unavailableCriticalExtension, 'critical control is not supported');
    return wish.operations(session, requestOf(message, envelope)).catch(() => refused(codes.other, 'internal error'));
  }

  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(wish.port, '127.0.0.1', resolve);
  });
  return {
    port: server.port,
    close: () =>
      new Promise((resolve) => {
        server.server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

function send(answer: Answer, { message, envelope, response }: { message: Arrived; envelope: Envelope; response: Response }): void {
  for (const entry of answer.entries ?? []) message.connection.write(searchEntry(entry, message.messageId));
  response.status = answer.code;
  response.diagnosticMessage = answer.message ?? '';
  if (answer.value !== undefined) response.responseValue = answer.value;
  for (const control of controlsOf(answer, new Set(envelope.controls.map(({ type }) => type))))
    response.addControl(new RawControl(control));
  response.end();
}

const known: ReadonlySet<string> = new Set([supported.paging, supported.passwordPolicy]);
const isUnknownAndCritical = ({ type, isCritical }: Control, request: Message): boolean =>
  isCritical && !known.has(type) && !(type === supported.assertion && request.type === 'ModifyRequest');

/** The thin border: what is used of ldapjs beyond its published types. */
interface Arrived {
  readonly connection: Socket;
  readonly messageId: number;
}
interface Response {
  status: number;
  diagnosticMessage: string;
  responseValue: string;
  addControl(control: object): void;
  end(): void;
}
interface Server {
  readonly port: number;
  readonly server: NetServer;
  newConnection(socket: Socket): void;
  _getHandlerChain: () => { backend: unknown; handlers: ((message: Message & Arrived, response: Response) => void)[] };
  on(event: 'error', listener: (error: Error) => void): void;
  listen(port: number, host: string, done: () => void): void;
}
const library = ldapjs as unknown as {
  createServer(options: { certificate?: string; key?: string; connectionRouter: (socket: Socket) => void }): Server;
  SearchRequest: { parseToPojo: (reader: { readRawBuffer(tag: number): Buffer }) => object };
  Control: new (options: { type: string }) => { type: string };
};

/** ldapjs writes a value through a text, which loses octets from 0x80 on. */
class RawControl extends library.Control {
  readonly #value: Buffer;
  constructor({ type, value }: AnswerControl) {
    super({ type });
    this.#value = value;
  }
  _toBer(writer: { writeBuffer(octets: Buffer, tag: number): void }): void {
    writer.writeBuffer(this.#value, 0x04);
  }
}

/** ldapjs turns a filter into text and back, and so loses escapes, emoji and whole connections; only its server ever parses a search. */
library.SearchRequest.parseToPojo = (reader) => {
  const { content } = firstElement(reader.readRawBuffer(0x63)) as Element;
  // What says that it is a FilterString is let through as the message's filter.
  return { filter: { asked: readSearch(content), [Symbol.toStringTag]: 'FilterString' } };
};
