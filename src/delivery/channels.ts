/** Which way a message leaves by: its kind says it, since an address may look like a number ("+447700900199@example.org"). */

import type { Transport } from './transport.ts';

export type Channel = 'mail' | 'text';

export const channelOf = ({ kind }: { readonly kind: string }): Channel => (kind.startsWith('text-') ? 'text' : 'mail');

/** For a configuration without a gateway; nobody is offered a text then. */
export const noTexts: Transport = { send: async () => ({ kind: 'away', answer: 'config.toml has no [sms]' }), close() {} };

export const byChannel = (ways: Readonly<Record<Channel, Transport>>): Transport => ({
  send: (mail) => ways[channelOf(mail)].send(mail),
  close() {
    for (const way of Object.values(ways)) way.close();
  },
});
