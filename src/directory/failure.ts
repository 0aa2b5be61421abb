/** What is thrown when a server does not answer, cannot be asked, or ends a search before its end. A plain refusal is an Answer, not a failure. */

import type { Answer } from './ldapjs.ts';

export type FailureReason = 'clear' | 'empty password' | 'unreachable' | 'certificate' | 'closed' | 'silent' | 'answer';

export class LdapFailure extends Error {
  readonly reason: FailureReason;
  readonly url: string;
  /** Whether a bind, a change or another request that must not be repeated may have reached the server. */
  readonly wasSent: boolean;
  /** What the server said, where it said something. */
  readonly answer: Answer | null;

  constructor(reason: FailureReason, about: { url: string; text: string; wasSent?: boolean; answer?: Answer | null }) {
    super(about.text);
    this.name = 'LdapFailure';
    this.reason = reason;
    this.url = about.url;
    this.wasSent = about.wasSent ?? false;
    this.answer = about.answer ?? null;
  }

  /** The same failure as the operation saw it that had sent, or had not sent. */
  of(wasSent: boolean): LdapFailure {
    return new LdapFailure(this.reason, { url: this.url, text: this.message, wasSent, answer: this.answer });
  }
}

export const isFailure = (value: unknown): value is LdapFailure => value instanceof LdapFailure;

/** OpenSSL's and Node's names of what can be wrong with a certificate. */
const certificateTrouble =
  /^(ERR_TLS_CERT|CERT_|CRL_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(GET|VERIFY|DECODE|DECRYPT)|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH)/;

/** An error of a socket, of TLS or of ldapjs. */
export function failureFrom(error: unknown, url: string): LdapFailure {
  if (isFailure(error)) return error;
  const { code, message } = error as { code?: unknown; message?: string };
  const name = typeof code === 'string' ? code : '';
  const text = [name, message?.replace(/\s+/g, ' ')].filter((part) => part && part !== '').join(' ') || 'the connection failed';
  return new LdapFailure(certificateTrouble.test(name) ? 'certificate' : 'unreachable', { url, text });
}
