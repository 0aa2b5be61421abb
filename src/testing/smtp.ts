/** A real SMTP server on loopback that a test can read, refuse by, silence, stop and start again. */

import type { Socket } from 'node:net';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import type { MailConfig } from '../delivery/mail.ts';
import { certificateAuthority } from '../directory/certificate.ts';
import { systemClock, systemRandom } from '../system.ts';
import { eventually } from './eventually.ts';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came over the wire, and as a mail program reads it. */
  readonly raw: string;
  readonly mail: Email;
  readonly isEncrypted: boolean;
  readonly user: string | null;
}

export interface SmtpManners {
  /** An answer to this recipient instead of 250: `550 no such mailbox`, `451 try again`. */
  recipient?: (address: string) => string | null;
  sender?: (address: string) => string | null;
  content?: (raw: string) => string | null;
  /** From here on the server says nothing more, and keeps the connection. */
  hangsAt?: 'greeting' | 'sender' | 'recipient' | 'content';
}

export interface SmtpListener {
  readonly port: number;
  /** For config.toml's `mail.url`. */
  readonly url: string;
  /** How `createMail` reaches it, signed in as the user, trusting its authority. */
  readonly config: MailConfig;
  /** The authority that signed its certificate, PEM. */
  readonly ca: string;
  readonly received: readonly ReceivedMail[];
  readonly connections: () => number;
  /** Replaces the manners: `{}` takes everything. */
  behave(manners: SmtpManners): void;
  /** Waits until that many have arrived; rejects when they do not come. */
  arrived(count: number): Promise<readonly ReceivedMail[]>;
  /** Breaks all connections and listens no more; what was received stays. */
  kill(): Promise<void>;
  /** Listens again at the same port. */
  revive(): Promise<void>;
}

export interface SmtpWish {
  readonly tls?: 'none' | 'starttls' | 'implicit';
  readonly user?: { readonly name: string; readonly password: string };
}

export async function startSmtp({ tls = 'none', user }: SmtpWish = {}): Promise<SmtpListener> {
  const authority = await certificateAuthority({ clock: systemClock, random: systemRandom });
  const certificate = await authority.issue();
  const received: ReceivedMail[] = [];
  let manners: SmtpManners = {};
  let connections = 0;
  let server = listener();
  let sockets = track(server);
  await listen(server, 0);
  const { port } = server.server.address() as { port: number };

  function listener(): SMTPServer {
    return new SMTPServer({
      ...certificate,
      secure: tls === 'implicit',
      disabledCommands: [...(tls === 'starttls' ? [] : ['STARTTLS']), ...(user === undefined ? ['AUTH'] : [])],
      authOptional: user === undefined,
      disableReverseLookup: true,
      onConnect: (_session, answer) => {
        connections += 1;
        if (manners.hangsAt !== 'greeting') answer();
      },
      onAuth: ({ username, password }, _session, answer) =>
        username === user?.name && password === user?.password ? answer(null, { user: username }) : answer(refusal('535 not these words')),
      onMailFrom: ({ address }, _session, answer) => {
        if (manners.hangsAt !== 'sender') answer(refusal(manners.sender?.(address)));
      },
      onRcptTo: ({ address }, _session, answer) => {
        if (manners.hangsAt !== 'recipient') answer(refusal(manners.recipient?.(address)));
      },
      onData: (stream, session, answer) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', async () => {
          const raw = Buffer.concat(chunks).toString('utf8');
          if (manners.hangsAt === 'content') return;
          const no = refusal(manners.content?.(raw));
          if (no) return answer(no);
          const { mailFrom, rcptTo } = session.envelope;
          const mail = await PostalMime.parse(raw);
          const from = mailFrom === false ? '' : mailFrom.address;
          const to = rcptTo.map(({ address }) => address);
          received.push({ from, to, raw, mail, isEncrypted: session.secure, user: (session.user as string | undefined) ?? null });
          answer(null, `taken as ${received.length}`);
        });
      },
    });
  }

  return {
    port,
    url: `${tls === 'implicit' ? 'smtps' : 'smtp'}://${user === undefined ? '' : `${encodeURIComponent(user.name)}@`}127.0.0.1:${port}`,
    config: {
      ...{ host: '127.0.0.1', port, implicitTls: tls === 'implicit', requireStartTls: tls === 'starttls' },
      ...{ user: user?.name ?? null, password: user?.password ?? null, from: 'Passwords <passwords@example.org>' },
      ...{ ca: authority.ca, limits: { connection: 5000, greeting: 5000, silence: 5000, whole: 20_000 } },
    },
    ca: authority.ca,
    received,
    connections: () => connections,
    behave(next) {
      manners = next;
    },
    async arrived(count) {
      await eventually(
        () => `${received.length} of ${count} messages arrived`,
        () => received.length >= count,
      );
      return received;
    },
    async kill() {
      const closed = new Promise<void>((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    async revive() {
      server = listener();
      sockets = track(server);
      await listen(server, port);
    },
  };
}

/** smtp-server waits half a minute for those that are connected; a killed server does not. */
function track(server: SMTPServer): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('error', () => {}); // broken connections: the client's test asserts on what the client saw
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

const listen = (server: SMTPServer, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });

function refusal(answer: string | null | undefined): Error | null {
  if (!answer) return null;
  const [, code = '550', text = ''] = /^(\d{3}) (.*)$/.exec(answer) ?? [];
  return Object.assign(new Error(text), { responseCode: Number(code) });
}
