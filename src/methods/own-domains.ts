/** Which addresses a proof may be mailed to: not the office's own, whose mail opens with the password that is lost. Knows no person. */

import type { World } from '../world.ts';

/** "MÜNCHEN.example" and "xn--mnchen-3ya.example" are one domain (UTS #46, as every URL parser does it). Null: no domain. */
const comparableDomain = (domain: string): string | null =>
  URL.canParse(`http://${domain}`) ? new URL(`http://${domain}`).hostname.replace(/\.$/, '') : null;

/** Null when the address has none that can be compared. */
export const domainOf = (address: string): string | null => comparableDomain(address.slice(address.lastIndexOf('@') + 1));

/** By the policy of the moment of the question. What has no domain to compare may be anybody's, and is not mailed to either. */
export function mailable({ settings, ownDomains }: Pick<World, 'settings'> & { readonly ownDomains: readonly string[] }) {
  const own = ownDomains.map(comparableDomain);
  return (address: string): boolean => {
    if (settings.policy().mail_in_own_domains) return true;
    const domain = domainOf(address);
    return domain !== null && !own.some((office) => domain === office || domain.endsWith(`.${office}`));
  };
}
