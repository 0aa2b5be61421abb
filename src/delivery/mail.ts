/** Mail by SMTP (RFC 5321): encrypted or not at all, with a limit on every wait. Sends the words it is given and adds none. */

import { isIP } from 'node:net';
import { format } from 'node:util';
import { createTransport } from 'nodemailer';
import { isMailbox, parseSender } from '../rules/mailbox.ts';
import { minute, second } from '../rules/time.ts';
import type { Mail, Sending, Transport } from './transport.ts';

/** As the configuration has checked it. */
export interface MailConfig {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (RFC 8314). */
  readonly implicitTls: boolean;
  /** Without STARTTLS nothing is said; only a server on this machine may do without, and is then spoken to in the clear. */
  readonly requireStartTls: boolean;
  readonly user: string | null;
  readonly password: string | null;
  /** `passwords@example.org` or `Passwords <passwords@example.org>`. */
  readonly from: string;
  /** PEM of the authorities that sign the server's certificate; null: those that Node trusts. */
  readonly ca?: string | null;
  /** The name with which the server is greeted: the host of `public_url`. */
  readonly greeting?: string;
  /** For tests; the product keeps the defaults. Milliseconds. */
  readonly limits?: Partial<typeof standardLimits>;
}

/** Milliseconds. `whole` ends what drips on: the others start again with every byte. */
const standardLimits = { connection: 10 * second, greeting: 10 * second, silence: 30 * second, whole: 2 * minute };
const longestAnswer = 300;
/** A connection serves the messages that follow closely, and is not kept for those that may come. */
const shared = { pool: true as const, maxConnections: 2, maxMessages: 100, maxRequeues: 1, idleTimeout: 5 * second };

export interface Dialogue {
  readonly sending: Sending;
  /** What was said, line by line: `C:` ours, `S:` the server's; passwords and the message itself are left out. */
  readonly lines: readonly string[];
}

export interface MailTransport extends Transport {
  /** Sends one message and keeps the dialogue, for an administrator to read. */
  sendAloud(mail: Mail): Promise<Dialogue>;
  /** Connects, encrypts, signs in and leaves: for the health page and `latchkey check`. */
  probe(): Promise<Dialogue>;
}

/** Throws when the sender is no address. */
export function createMail(config: MailConfig): MailTransport {
  const from = parseSender(config.from);
  const limits = { ...standardLimits, ...config.limits };
  const options = optionsOf(config, limits);
  const pool = createTransport({ ...options, ...shared });
  const closing = new AbortController();

  async function send(mail: Mail, transporter: Pick<typeof pool, 'sendMail'>): Promise<Sending> {
    if (!isMailbox(mail.to)) return { kind: 'refused', answer: 'not a usable address' };
    try {
      const { response } = await transporter.sendMail({
        from,
        to: { name: '', address: mail.to },
        envelope: { from: from.address, to: [mail.to] },
        subject: mail.subject,
        text: mail.text,
        date: new Date(mail.at),
        messageId: `<${mail.reference}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`,
        // RFC 3834 section 5, and what Exchange heeds instead: no absence note shall answer
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All', 'Content-Language': mail.language },
        xMailer: false,
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(limits.whole)]),
      });
      return { kind: 'sent', answer: brief(response) };
    } catch (error) {
      return verdict(error as SmtpError);
    }
  }

  return {
    send: (mail) => send(mail, pool),
    async sendAloud(mail) {
      const { lines, log } = transcript();
      return { sending: await send(mail, createTransport({ ...options, ...log })), lines };
    },
    async probe() {
      const { lines, log } = transcript();
      try {
        await createTransport({ ...options, ...log }).verify();
        return { sending: { kind: 'sent', answer: lines.at(-1) ?? '' }, lines };
      } catch (error) {
        return { sending: verdict(error as SmtpError), lines };
      }
    },
    close() {
      closing.abort();
      pool.close({ force: true });
    },
  };
}

const optionsOf = (
  { host, port, implicitTls, requireStartTls, user, password, ca = null, greeting }: MailConfig,
  limits: typeof standardLimits,
) => ({
  host,
  port,
  secure: implicitTls,
  requireTLS: requireStartTls,
  ignoreTLS: !requireStartTls,
  tls: { minVersion: 'TLSv1.2' as const, ...(ca === null ? {} : { ca }), ...(isIP(host) ? {} : { servername: host }) },
  ...(user === null ? {} : { auth: { user, pass: password ?? '' } }),
  ...(greeting === undefined ? {} : { name: greeting }),
  connectionTimeout: limits.connection,
  greetingTimeout: limits.greeting,
  dnsTimeout: limits.connection,
  socketTimeout: limits.silence,
  disableFileAccess: true,
  disableUrlAccess: true,
});

interface SmtpError extends Error {
  readonly code?: string;
  readonly command?: string;
  readonly responseCode?: number;
  readonly response?: string;
}

/**
 * Only an answer to the recipient or to the content speaks of this message (RFC 5321 section 4.2.1: 4yz may pass later, 5yz never);
 * a refused greeting, sign-in or sender is the same for every other one.
 */
function verdict({ code, command, responseCode, response, message }: SmtpError): Sending {
  const answer = brief(response ?? message);
  const isOfThisMessage = command === 'RCPT TO' || command === 'DATA';
  if (command === 'API' && (code === 'EENVELOPE' || code === 'EMESSAGE')) return { kind: 'refused', answer };
  if (!isOfThisMessage || responseCode === undefined || responseCode === 421) return { kind: 'away', answer };
  return { kind: responseCode >= 500 ? 'refused' : 'later', answer };
}

const brief = (answer: string): string => answer.replaceAll(/\s+/g, ' ').trim().slice(0, longestAnswer);

/** A logger for nodemailer that keeps commands and answers; `transactionLog` without `debug` leaves the message's own lines out. */
function transcript() {
  const lines: string[] = [];
  const keep = (entry: { tnx?: string }, text?: string, ...values: unknown[]): void => {
    const side = entry.tnx === 'client' ? 'C: ' : entry.tnx === 'server' ? 'S: ' : null;
    if (side !== null)
      for (const line of format(text, ...values)
        .trim()
        .split(/\r?\n/))
        lines.push(side + line);
  };
  const logger = { level: () => {}, trace: keep, debug: keep, info: keep, warn: keep, error: keep, fatal: keep };
  return { lines, log: { logger, transactionLog: true } };
}
