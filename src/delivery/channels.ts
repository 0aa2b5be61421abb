/** Which way a message leaves by: a number with a plus sign goes to the gateway for texts, everything else by mail. */

import type { Transport } from './transport.ts';

export type Channel = 'mail' | 'text';

export const channelOf = (to: string): Channel => (to.startsWith('+') ? 'text' : 'mail');

/** For a configuration without a gateway; nobody is offered a text then. */
export const noTexts: Transport = { send: async () => ({ kind: 'away', answer: 'config.toml has no [sms]' }), close() {} };

export const byChannel = (ways: Readonly<Record<Channel, Transport>>): Transport => ({
  send: (mail) => ways[channelOf(mail.to)].send(mail),
  close() {
    for (const way of Object.values(ways)) way.close();
  },
});
