/** Where a POST came from, as far as the browser says (OWASP CSRF: Sec-Fetch-Site, then Origin, then Referer, compared whole). */

import type { IncomingHttpHeaders } from 'node:http';

/** `unknown` is a client that is no browser: there the csrf field alone decides. */
export type OriginStanding = 'own' | 'foreign' | 'unknown';

export function originCheck(publicUrl: string): (headers: IncomingHttpHeaders) => OriginStanding {
  const own = ownOrigins(new URL(publicUrl));
  return ({ origin, referer, 'sec-fetch-site': site }) => {
    // A sibling host may be anybody's: same-site is not same-origin.
    if (site === 'cross-site' || site === 'same-site') return 'foreign';
    if (origin !== undefined) return own.has(origin) ? 'own' : 'foreign';
    if (site === 'same-origin') return 'own';
    if (referer !== undefined) return URL.canParse(referer) && own.has(new URL(referer).origin) ? 'own' : 'foreign';
    return 'unknown';
  };
}

/** The demo on this machine may be opened by any of its own names; every other site has one origin. */
function ownOrigins({ origin, protocol, hostname, port }: URL): ReadonlySet<string> {
  if (protocol !== 'http:' || hostname !== 'localhost') return new Set([origin]);
  const rest = port === '' ? '' : `:${port}`;
  return new Set([origin, `http://127.0.0.1${rest}`, `http://[::1]${rest}`]);
}
