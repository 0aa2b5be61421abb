/**
 * Stands between Latchkey and a directory and lets one chosen message go wrong: it ends TLS itself, so it sees whole LDAP messages and can cut
 * or silence the connection before the server hears a request, after, or in the middle of the answer.
 */

import { connect, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import { integer, octetString, sequence, tlv } from '../directory/ber.ts';
import type { ServerCertificate } from '../directory/certificate.ts';

export type Request = 'bind' | 'unbind' | 'search' | 'modify' | 'abandon' | 'extended' | 'other';

export type Fate =
  /** The server never hears it, and the connection ends. */
  | 'cut before'
  /** The server never hears it, and nothing more is said. */
  | 'silent before'
  /** The server does it, and the connection ends instead of its answer. */
  | 'cut after'
  /** The server does it, and nothing more is said. */
  | 'silent after'
  /** The server does it, and the connection ends within its answer. */
  | 'cut within'
  | Unwilling;

/** The server never hears it, and it is answered with this no (RFC 4511 4.1.9) instead. */
type Unwilling = keyof typeof resultCodes;
const resultCodes = { 'no rights': 50, busy: 51, unavailable: 52, unwilling: 53 } as const;

export const refusals: readonly Fate[] = Object.keys(resultCodes) as Unwilling[];
const isUnwilling = (fate: Fate | null): fate is Unwilling => fate !== null && fate in resultCodes;

export const fates: readonly Fate[] = ['cut before', 'silent before', 'cut after', 'silent after', 'cut within'];

type Behaviour = 'refuse' | 'reset' | 'hang' | 'serve';

/** RFC 4511 4.1.9, with the URLs of a referral. */
interface Answer {
  readonly code: number;
  readonly text?: string;
  readonly referral?: readonly string[];
}

export interface LdapProxy {
  /** `ldaps://host:port`, under the certificate that was given. */
  readonly url: string;
  /** Every request that came, in order, over all connections, since the last `heal`. */
  readonly seen: readonly Request[];
  /** How many connections were opened since the last `heal`, whatever became of them. */
  readonly knocks: number;
  /** What becomes of the request number `at` from the last `heal` on, counted from 0, or of the next of this kind. */
  spoil(at: number | Request, fate: Fate): void;
  /** From now on connections are accepted and closed, or reset, or never answered, or served. Those that are open end, or are reset. */
  behave(how: Behaviour): void;
  /** Every answer comes so much later. */
  delay(milliseconds: number): void;
  /** Every request of these kinds is answered with this, and the server never hears it. */
  refuse(kinds: readonly Request[], answer: Answer): void;
  /** Serves again, and counts from 0. Connections that are open end. */
  heal(): void;
  close(): Promise<void>;
}

const operations: Readonly<Record<number, Request>> = {
  96: 'bind',
  66: 'unbind',
  99: 'search',
  102: 'modify',
  80: 'abandon',
  119: 'extended',
};

/** `to` is the port of a server that speaks clear LDAP on loopback. It listens on a free port of 127.0.0.1, unless told where. */
export async function startProxy(
  to: number,
  certificate: ServerCertificate,
  place: { readonly host?: string; readonly port?: number } = {},
): Promise<LdapProxy> {
  const { host = '127.0.0.1', port: wanted = 0 } = place;
  const open = new Set<Socket>();
  let seen: Request[] = [];
  let knocks = 0;
  let planned: { at: number | Request; fate: Fate } | null = null;
  let behaviour: Behaviour = 'serve';
  let lateMillis = 0;
  const refused = new Map<Request, Answer>();

  const tls = createTlsServer({ cert: certificate.cert, key: certificate.key }, serve);
  tls.on('tlsClientError', () => undefined);
  const server = createServer((socket) => {
    knocks += 1;
    keep(socket);
    if (behaviour === 'refuse') socket.destroy();
    if (behaviour === 'reset') socket.resetAndDestroy();
    if (behaviour === 'serve') tls.emit('connection', socket);
  });

  function keep(socket: Socket): void {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
  }

  function serve(client: TLSSocket): void {
    const upstream = connect(to, '127.0.0.1');
    for (const socket of [client, upstream]) keep(socket);
    let isSilent = false;
    /** The request whose answer is spoiled. */
    let doomed: { id: number; fate: Fate } | null = null;
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    const late = (bytes: Buffer) => setTimeout(() => client.writable && client.write(bytes), lateMillis).unref();
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => !isSilent && client.destroy());

    client.on(
      'data',
      messages((message) => {
        if (isSilent) return;
        const at = seen.length;
        const kind = operations[message.operation] ?? 'other';
        seen.push(kind);
        const fate = planned?.at === at || planned?.at === kind ? planned.fate : null;
        if (fate !== null) planned = null;
        if (fate === 'cut before') return cut();
        if (fate === 'silent before') {
          isSilent = true;
          return;
        }
        const answer = isUnwilling(fate) ? { code: resultCodes[fate] } : refused.get(kind);
        if (answer) return void client.write(refusalOf(message, answer));
        if (fate !== null) doomed = { id: message.id, fate };
        upstream.write(message.bytes);
      }),
    );
    upstream.on(
      'data',
      messages((message) => {
        if (isSilent) return;
        if (doomed?.id !== message.id) return lateMillis === 0 ? void client.write(message.bytes) : void late(message.bytes);
        if (doomed.fate === 'silent after') isSilent = true;
        else if (doomed.fate === 'cut after') cut();
        else client.write(message.bytes.subarray(0, Math.ceil(message.bytes.length / 2)), cut);
      }),
    );
  }

  await new Promise<void>((resolve) => server.listen(wanted, host, resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `ldaps://${host}:${port}`,
    get seen() {
      return seen;
    },
    get knocks() {
      return knocks;
    },
    spoil(at, fate) {
      planned = { at, fate };
    },
    behave(how) {
      behaviour = how;
      for (const socket of open) {
        if (how === 'reset' && !(socket instanceof TLSSocket)) socket.resetAndDestroy();
        else socket.destroy();
      }
    },
    delay(milliseconds) {
      lateMillis = milliseconds;
    },
    refuse(kinds, answer) {
      for (const kind of kinds) refused.set(kind, answer);
    },
    heal() {
      planned = null;
      behaviour = 'serve';
      lateMillis = 0;
      refused.clear();
      seen = [];
      knocks = 0;
      for (const socket of open) socket.destroy();
    },
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const answers: Readonly<Record<number, number>> = { 96: 97, 99: 101, 102: 103, 119: 120 };

/** A whole answer with no matched DN. What asks for no answer has none. */
function refusalOf({ id, operation }: Message, { code, text = '', referral = [] }: Answer): Buffer {
  const answer = answers[operation];
  if (answer === undefined) return Buffer.alloc(0);
  const urls = referral.length === 0 ? '' : tlv(0xa3, ...referral.map((url) => tlv(octetString, url)));
  const result = tlv(answer, tlv(0x0a, Buffer.from([code])), tlv(octetString, ''), tlv(octetString, text), urls);
  return tlv(sequence, integer(id), result);
}

interface Message {
  readonly id: number;
  readonly operation: number;
  readonly bytes: Buffer;
}

/** Cuts a stream into LDAP messages (RFC 4511 4.1.1): a sequence of an id and one operation. */
function messages(take: (message: Message) => void): (chunk: Buffer) => void {
  let held = Buffer.alloc(0);
  return (chunk) => {
    held = Buffer.concat([held, chunk]);
    for (let header = headerOf(held); header && held.length >= header.end; header = headerOf(held)) {
      const bytes = held.subarray(0, header.end);
      held = held.subarray(header.end);
      const idLength = bytes[header.start + 1] ?? 0;
      const id = bytes.readUIntBE(header.start + 2, idLength);
      take({ id, operation: bytes[header.start + 2 + idLength] ?? 0, bytes });
    }
  };
}

function headerOf(bytes: Buffer): { start: number; end: number } | null {
  const short = bytes[1];
  if (short === undefined) return null;
  if (short < 0x80) return { start: 2, end: 2 + short };
  const count = short & 0x7f;
  if (bytes.length < 2 + count) return null;
  const length = bytes.readUIntBE(2, count);
  return { start: 2 + count, end: 2 + count + length };
}
