/**
 * The machines behind the configured addresses. A name may lead to several (in Active Directory the domain's own name leads to every domain
 * controller), and each must be told from the others: only the one that was written knows at once what was written.
 */

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Instant } from '../rules/time.ts';
import { minute } from '../rules/time.ts';
import type { Clock } from '../world.ts';

export interface Machine {
  /** How it is remembered: the URL, and behind a name the address too: "ldaps://ad.example.com 10.0.0.2". */
  readonly server: string;
  readonly url: string;
  /** Null: the URL holds it, or its name leads nowhere at present, and who connects will hear why. */
  readonly address: string | null;
}

/** All addresses of a host, best first; rejects when there are none. */
export type AddressesOf = (host: string) => Promise<readonly string[]>;

const systemAddresses: AddressesOf = async (host) => (await lookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address);

export interface Machines {
  /** In the configured order. What was known is good enough while a name server does not answer. */
  all(): Promise<readonly Machine[]>;
  /** By the name it is remembered by; null when no configured URL leads there. */
  named(server: string): Machine | null;
}

interface Known {
  addresses: readonly string[];
  askedAt: Instant;
}

/** Names are looked up again after so long: an office that moves its domain controllers waits for no restart. */
const freshMillis = minute;

export function machinesAt(
  urls: readonly string[],
  { clock, timeoutMillis, addressesOf = systemAddresses }: { clock: Clock; timeoutMillis: number; addressesOf?: AddressesOf },
): Machines {
  const known = new Map<string, Known>();

  async function lookUp(host: string): Promise<readonly string[]> {
    const before = known.get(host);
    const now = clock.now();
    if (before && before.askedAt <= now && now < before.askedAt + freshMillis) return before.addresses;
    const addresses = [...new Set(await inTime(addressesOf(host), timeoutMillis))];
    const found = { addresses: addresses.length > 0 ? addresses : (before?.addresses ?? []), askedAt: now };
    known.set(host, found);
    return found.addresses;
  }

  async function behind(url: string): Promise<readonly Machine[]> {
    const host = hostOf(url);
    const itself = { server: url, url, address: null };
    if (isIP(host)) return [itself];
    const addresses = await lookUp(host);
    return addresses.length === 0 ? [itself] : addresses.map((address) => ({ server: `${url} ${address}`, url, address }));
  }

  return {
    all: async () => (await Promise.all(urls.map(behind))).flat(),
    named(server) {
      const [url = '', address = null] = server.split(' ');
      if (!urls.includes(url)) return null;
      return { server, url, address: address !== null && isIP(address) ? address : null };
    },
  };
}

export const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, '');

/** Nothing where it does not answer in time, or knows nothing. */
async function inTime(looking: Promise<readonly string[]>, millis: number): Promise<readonly string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly string[]>((resolve) => {
    timer = setTimeout(() => resolve([]), millis);
  });
  return Promise.race([looking.catch(() => []), late]).finally(() => clearTimeout(timer));
}
