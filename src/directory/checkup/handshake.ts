/**
 * Looks at an address from outside: its name, its port, and the certificates that it shows. Nothing is sent but the StartTLS request, and
 * nothing that comes is trusted: what is made of it is said in `address.ts`.
 */

import { lookup } from 'node:dns/promises';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, connect as connectTls, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { octetString, sequence, tlv } from '../ber.ts';
import type { Address } from '../ldap.ts';

export interface Certificates {
  readonly kind: 'certificates';
  /** The server's own first, each followed by its issuer as far as that is known, in DER. */
  readonly chain: readonly Buffer[];
  /** OpenSSL's name of why the chain is not trusted, or null. */
  readonly distrust: string | null;
  /** Why the server's own is not for this host, or null. */
  readonly misnamed: string | null;
}
export type Sight =
  | Certificates
  | { readonly kind: 'unknown name'; readonly raw: string }
  | { readonly kind: 'no connection'; readonly isSilent: boolean; readonly raw: string }
  | { readonly kind: 'plain' | 'start refused' | 'old' | 'no tls'; readonly raw: string };

export function placeOf(url: string): { host: string; port: number; isFromStart: boolean } {
  const { protocol, hostname, port } = new URL(url);
  const isFromStart = protocol === 'ldaps:';
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || (isFromStart ? 636 : 389)), isFromStart };
}

/** Never throws for what a server does. Without an address the URL holds one, or its name leads nowhere. */
export async function sightOf(server: Address): Promise<Sight> {
  const { host, port, isFromStart } = placeOf(server.url);
  const patience = server.timeoutMillis;
  const place = { host: server.address ?? host, port, patience };
  if (server.address === undefined && !isIP(host)) return { kind: 'unknown name', raw: await whyUnknown(host, patience) };
  let socket: Socket;
  try {
    socket = await openSocket(place);
  } catch (error) {
    return { kind: 'no connection', isSilent: isSilence(error), raw: textOf(error) };
  }
  try {
    if (!isFromStart) {
      const { resultCode, raw } = await askStartTls(socket, patience);
      if (resultCode !== 0) return { kind: resultCode === null ? 'no tls' : 'start refused', raw };
    }
    return await shakeHands({ socket, host, ca: server.ca, patience });
  } catch (error) {
    const raw = textOf(error);
    if (/unsupported.protocol|protocol.version|version.too.low/i.test(raw)) return { kind: 'old', raw };
    return { kind: isFromStart && (await speaksPlainly(place)) ? 'plain' : 'no tls', raw };
  } finally {
    socket.destroy();
  }
}

const whyUnknown = (host: string, patience: number): Promise<string> =>
  within(patience, lookup(host)).then(({ address }) => `now it leads to ${address}`, textOf);

interface Place {
  readonly host: string;
  readonly port: number;
  readonly patience: number;
}

class Silence extends Error {}
const isSilence = (error: unknown): boolean => error instanceof Silence || (error as NodeJS.ErrnoException).code === 'ETIMEDOUT';
const textOf = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code !== undefined && !message.includes(code) ? `${code} ${message}` : message).replace(/\s+/g, ' ').trim();
};

function within<T>(patience: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Silence(`no answer within ${patience} ms`)), patience);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function openSocket({ host, port, patience }: Place): Promise<Socket> {
  const socket = connectPlain({ host, port });
  // It is destroyed while errors may still be on their way.
  socket.on('error', () => undefined);
  const opened = new Promise<Socket>((resolve, reject) => socket.once('connect', () => resolve(socket)).once('error', reject));
  return within(patience, opened).catch((error: unknown) => {
    socket.destroy();
    throw error;
  });
}

/** An extended request (RFC 4511 4.12, 4.14), message 1. */
const startTlsRequest = tlv(sequence, Buffer.from([0x02, 0x01, 0x01]), tlv(0x77, tlv(0x80, '1.3.6.1.4.1.1466.20037')));

/** The result code is null where no LDAP server answers. */
async function askStartTls(socket: Socket, patience: number): Promise<{ resultCode: number | null; raw: string }> {
  const answered = new Promise<Buffer>((resolve, reject) => {
    socket.once('data', resolve).once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
  });
  socket.write(startTlsRequest);
  const bytes = await within(patience, answered);
  // resultCode is the first ENUMERATED of an extended response ([APPLICATION 24]); what follows it is matchedDN and the text.
  const at = bytes.indexOf(Buffer.from([0x0a, 0x01]));
  if (bytes[0] !== sequence || !bytes.includes(0x78) || at < 0)
    return { resultCode: null, raw: `it answered ${bytes.subarray(0, 40).toString('latin1')}` };
  const resultCode = bytes[at + 2] ?? null;
  return { resultCode, raw: `${resultCode} ${diagnosticIn(bytes.subarray(at + 3))}`.trim() };
}

function diagnosticIn(rest: Buffer): string {
  const matched = 2 + (rest[1] ?? 0);
  return rest[matched] === octetString ? rest.subarray(matched + 2, matched + 2 + (rest[matched + 1] ?? 0)).toString('utf8') : '';
}

async function speaksPlainly(place: Place): Promise<boolean> {
  try {
    const socket = await openSocket(place);
    try {
      return (await askStartTls(socket, place.patience)).resultCode !== null;
    } finally {
      socket.destroy();
    }
  } catch {
    return false;
  }
}

interface Shake {
  readonly socket: Socket;
  readonly host: string;
  readonly ca: string | null;
  readonly patience: number;
}

/** As `connect` of ldap.ts does it, but for looking: an untrusted server is heard to the end of its handshake, and then left. */
async function shakeHands({ socket, host, ca, patience }: Shake): Promise<Certificates> {
  const options: ConnectionOptions = {
    socket,
    host,
    minVersion: 'TLSv1.2',
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(isIP(host) ? {} : { servername: host }),
    ...(ca === null ? {} : { ca, allowPartialTrustChain: true }),
  };
  const secure = connectTls(options);
  try {
    const shaken = new Promise<TLSSocket>((resolve, reject) => {
      secure.once('secureConnect', () => resolve(secure)).on('error', reject);
      secure.once('close', () => reject(new Error('the connection was closed in the handshake')));
    });
    await within(patience, shaken);
    const own = secure.getPeerCertificate(true);
    return {
      kind: 'certificates',
      chain: [...upward(own)],
      distrust: secure.authorized ? null : String(secure.authorizationError),
      misnamed: checkServerIdentity(host, own)?.message ?? null,
    };
  } finally {
    secure.destroy();
  }
}

/** Node lets the topmost certificate be its own issuer. */
function* upward(own: DetailedPeerCertificate): Generator<Buffer> {
  const seen = new Set<string>();
  for (let at: DetailedPeerCertificate | undefined = own; at?.raw && !seen.has(at.fingerprint256); at = at.issuerCertificate) {
    seen.add(at.fingerprint256);
    yield at.raw;
  }
}
