/** Whom to tell: every address of a person that Latchkey knows, each once. */

import type { Account } from './account.ts';

export function noticeAddresses(
  account: Pick<Account, 'mail'>,
  enrolled: readonly { readonly method: string; readonly label: string }[],
): readonly string[] {
  const addresses = [
    ...enrolled.filter(({ method }) => method === 'email').map(({ label }) => label),
    ...(account.mail ? [account.mail] : []),
  ];
  return [...new Map(addresses.map((address) => [address.toLowerCase(), address])).values()];
}
