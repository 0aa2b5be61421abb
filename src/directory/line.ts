/** Watches over one ldapjs client: no operation outlives its deadline, and a connection that dies ends all that wait for it, at once. */

import { failureFrom, LdapFailure } from './failure.ts';
import type { LibraryClient } from './ldapjs.ts';

export interface Done<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

export interface Line {
  readonly isOpen: boolean;
  /** Runs `work`, which calls `sending` in the turn in which it sends what must not be repeated. Rejects with an LdapFailure that says so. */
  run<T>(work: (done: Done<T>, sending: () => void) => void): Promise<T>;
  /** What waits for an answer fails; `late` says why that counts as silence. */
  close(late?: string): void;
}

export function openLine(client: LibraryClient, { url, timeoutMillis }: { url: string; timeoutMillis: number }): Line {
  const waiting = new Set<(failure: LdapFailure) => void>();
  let ended: LdapFailure | null = null;

  function end(failure: LdapFailure): void {
    ended ??= failure;
    client.destroy();
    for (const fail of [...waiting]) fail(ended);
  }
  for (const event of ['error', 'connectError', 'connectRefused', 'connectTimeout', 'setupError']) {
    client.on(event, (error: unknown) => end(failureFrom(error, url)));
  }
  client.on('close', () => end(new LdapFailure('closed', { url, text: 'the connection was closed' })));
  client.on('connect', () => ended && client.destroy());

  const run: Line['run'] = (work) =>
    new Promise((resolve, reject) => {
      if (ended) return reject(ended);
      let wasSent = false;
      const fail = (failure: LdapFailure) => settle(() => reject(failure.of(wasSent)));
      const late = setTimeout(() => end(new LdapFailure('silent', { url, text: `no answer within ${timeoutMillis} ms` })), timeoutMillis);
      const settle = (how: () => void) => {
        clearTimeout(late);
        if (waiting.delete(fail)) how();
      };
      waiting.add(fail);
      const sending = () => {
        wasSent = true;
      };
      try {
        work({ resolve: (value) => settle(() => resolve(value)), reject: (error) => settle(() => reject(error)) }, sending);
      } catch (error) {
        settle(() => reject(error));
      }
    });

  return {
    get isOpen() {
      return ended === null && client.connected && client._socket?.writable === true;
    },
    run,
    close: (late) =>
      end(new LdapFailure(late === undefined ? 'closed' : 'silent', { url, text: late ?? 'the connection was closed here' })),
  };
}
