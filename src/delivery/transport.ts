/** How a rendered message leaves the house, whichever way: what goes in, and the four things that can become of it. */

import type { Instant } from '../rules/time.ts';

export interface Mail {
  readonly to: string;
  readonly kind: string;
  readonly subject: string;
  readonly text: string;
  /** BCP 47. */
  readonly language: string;
  /** When it was written, whenever it is sent. */
  readonly at: Instant;
  /** The same at every try, so that a mailbox can tell a repetition from a second message. Letters, digits, `-` and `_` only. */
  readonly reference: string;
}

export type Sending = {
  readonly kind:
    | 'sent'
    /** This message will never be taken: no such mailbox, content refused. */
    | 'refused'
    /** Not now, and for reasons of this message alone (greylisting, a full mailbox). */
    | 'later'
    /** Nobody's message can leave now: no connection, no TLS, no sign-in, silence. */
    | 'away';
  /** The server's last words, or ours; never what the message says. */
  readonly answer: string;
};

export interface Transport {
  /** Never rejects. */
  send(mail: Mail): Promise<Sending>;
  /** Breaks off what is under way; it ends as `away`. */
  close(): void;
}

/** For a configuration without mail: every message waits, and the administrator is told why. */
export const noMail: Transport = { send: async () => ({ kind: 'away', answer: 'config.toml has no [mail]' }), close() {} };
