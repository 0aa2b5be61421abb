/** Messages on their way: written at once, kept sealed in the outbox, sent when due. Knows neither the transport's ways nor who asked. */

import type { BaseLogger } from 'pino';
import { day, hour, type Instant, minute, second } from '../rules/time.ts';
import type { Clock, Deliver, Letter, Outbox, Vault } from '../world.ts';
import { type Channel, channelOf } from './channels.ts';
import { open, type Say, seal, write } from './letter.ts';
import type { Sending, Transport } from './transport.ts';

export interface DeliverNeeds {
  readonly outbox: Outbox;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly texts: { readonly say: Say };
  readonly transport: Transport;
  /** As the subject and the text name it at that moment. */
  readonly office: () => string;
  readonly log: Pick<BaseLogger, 'info' | 'warn' | 'error'>;
}

const waits = [15 * second, minute, 5 * minute, 15 * minute, hour];
const giveUpAfter = day;
const atOnce = 2;
/** How far down the queue a message is looked for whose mailbox is not being written to. */
const window = 16;
const patience = second / 2;

/**
 * Retries come with the next `flush`: the timetable calls it every 15 seconds. While the server itself is away, a flush tries no more
 * than two messages; the others neither age nor wait longer for it. A crash between the server's yes and our note of it sends a message
 * again, under the same Message-ID.
 */
export function createDeliver(needs: DeliverNeeds): Deliver & { close(): Promise<void> } {
  const { outbox, vault, clock, texts, transport, office, log } = needs;
  const lanes = new Set<Promise<void>>();
  /** Sent, but not yet noted as such: a full disk must not turn into the same message every 15 seconds. */
  const unnoted = new Set<number>();
  let busy = 0;
  const writingTo = new Set<string>();
  let isWoken = false;
  const away = new Set<Channel>();
  let state: 'open' | 'closing' | 'closed' = 'open';

  /** Ends when nothing is due; from the last look to the count of open lanes no other task can come between. */
  async function lane(): Promise<void> {
    busy += 1;
    try {
      for (let letter = next(); letter !== undefined; letter = next()) await post(letter);
    } catch (error) {
      log.error({ err: error }, 'the outbox could not be read or written');
    } finally {
      busy -= 1;
    }
  }

  /** One mailbox gets its messages in order. */
  const next = (): Letter | undefined =>
    state !== 'open'
      ? undefined
      : outbox.due(clock.now(), window).find((letter) => !writingTo.has(letter.to) && !away.has(channelOf(letter)));

  async function post(letter: Letter): Promise<void> {
    writingTo.add(letter.to);
    try {
      if (unnoted.has(letter.id)) return noteSent(letter);
      const opened = tryToOpen(letter);
      if (opened === null) return bury(letter, 'sealed under another key');
      const sending = await transport.send(opened.mail);
      if (state !== 'closed') note(letter, sending, opened.expiresAt); // closed: the store may be gone; the message is in it still
    } finally {
      writingTo.delete(letter.to);
    }
  }

  function noteSent(letter: Letter): void {
    unnoted.add(letter.id);
    outbox.sent(letter.id, clock.now());
    unnoted.delete(letter.id);
  }

  function tryToOpen(letter: Letter): ReturnType<typeof open> | null {
    try {
      return open(vault, letter);
    } catch {
      return null;
    }
  }

  function note(letter: Letter, { kind, answer }: Sending, expiresAt: Instant | null): void {
    if (kind === 'away') away.add(channelOf(letter));
    const nextAt = clock.now() + (waits[letter.tries] ?? hour);
    const end = Math.min(letter.queuedAt + giveUpAfter, expiresAt ?? Number.POSITIVE_INFINITY);
    if (kind === 'sent') noteSent(letter);
    else if (kind === 'refused' || nextAt >= end) bury(letter, answer);
    else postpone(letter, answer, nextAt);
  }

  function postpone(letter: Letter, problem: string, nextAt: Instant): void {
    outbox.failed(letter.id, { problem, nextAt, at: clock.now() });
    log.warn({ letter: letter.id, kind: letter.kind, tries: letter.tries + 1, nextAt, problem }, 'a message waits for another try');
  }

  function bury(letter: Letter, problem: string): void {
    outbox.failed(letter.id, { problem, nextAt: null, at: clock.now() });
    log.error({ letter: letter.id, kind: letter.kind, tries: letter.tries + 1, problem }, 'a message could not be sent');
  }

  function start(): void {
    const running = lane();
    lanes.add(running);
    void running.then(() => lanes.delete(running));
  }

  async function flush(): Promise<void> {
    if (state !== 'open') return;
    away.clear();
    for (let free = atOnce - busy; free > 0; free -= 1) start();
    await Promise.all(lanes);
  }

  /** After the current tick: by then the caller's transaction has been settled, one way or the other. */
  function wake(): void {
    if (isWoken || state !== 'open') return;
    isWoken = true;
    setImmediate(() => {
      isWoken = false;
      void flush();
    });
  }

  return {
    queue(message) {
      try {
        const content = write(message, { say: texts.say, office: office() });
        const { kind, to, expiresAt, token } = message;
        outbox.put({ kind, to, sealed: seal(vault, content), at: clock.now(), expiresAt: expiresAt ?? null, token: token ?? null });
        wake();
      } catch (error) {
        // What brought the message about has happened, and must not be undone because of it.
        log.error({ err: error, kind: message.kind }, 'a message could not be queued');
      }
    },
    flush,
    health: () => outbox.counts(),
    /** Waits half a second for what is being sent, then breaks it off; nothing is lost. */
    async close() {
      if (state !== 'open') return;
      state = 'closing';
      if (lanes.size > 0) await Promise.race([Promise.all(lanes), clock.sleep(patience)]);
      state = 'closed';
      transport.close();
      await Promise.all(lanes);
    },
  };
}
