/** The demo office's mail: nothing leaves the machine, the last messages can be read at /dev/outbox. Never part of a production configuration. */

import type { Instant } from '../rules/time.ts';
import type { Clock } from '../world.ts';
import type { Transport } from './transport.ts';

/** As /dev/outbox.json shows it; `at` is ISO 8601 UTC. */
export interface OfficeMessage {
  readonly to: string;
  readonly kind: string;
  readonly subject: string;
  readonly text: string;
  readonly at: string;
}

const kept = 500;

export function createOfficeOutbox({
  clock,
  most = kept,
}: {
  clock: Clock;
  most?: number;
}): Transport & { messages(): readonly OfficeMessage[] } {
  const messages: OfficeMessage[] = [];
  const iso = (at: Instant): string => new Date(at).toISOString();
  return {
    async send({ to, kind, subject, text }) {
      messages.unshift({ to, kind, subject, text, at: iso(clock.now()) });
      messages.length = Math.min(messages.length, most);
      return { kind: 'sent', answer: 'kept in the demo’s outbox' };
    },
    close() {},
    messages: () => [...messages],
  };
}
