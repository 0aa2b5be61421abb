/**
 * The machines behind the configured addresses. A name may lead to several (in Active Directory the domain's own name leads to every domain
 * controller), and each must be told from the others: only the one that was written knows at once what was written.
 */

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { type Instant, minute, second } from '../rules/time.ts';
import type { Clock } from '../world.ts';
import { isRecent } from './recent.ts';

export interface Machine {
  /** How it is remembered: the URL, and behind a name the address too: "ldaps://ad.example.com 10.0.0.2". */
  readonly server: string;
  readonly url: string;
  /** Null: the URL holds it, or its name leads nowhere. */
  readonly address: string | null;
  /** Why the name leads nowhere, so that nobody looks it up again in vain. */
  readonly trouble: unknown;
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
  readonly addresses: readonly string[];
  readonly trouble: unknown;
  readonly askedAt: Instant;
}

/** Names are looked up again after so long: an office that moves its domain controllers waits for no restart. */
const freshMillis = minute;
const freshTroubleMillis = 5 * second;

export function machinesAt(
  urls: readonly string[],
  { clock, timeoutMillis, addressesOf = systemAddresses }: { clock: Clock; timeoutMillis: number; addressesOf?: AddressesOf },
): Machines {
  const known = new Map<string, Known>();
  /** One at a time: a lookup that hangs holds one of the few threads on which passwords are hashed, too. */
  const underWay = new Map<string, Promise<Known>>();

  async function find(host: string): Promise<Known> {
    const before = known.get(host)?.addresses ?? [];
    const found = await addressesOf(host).then(
      (addresses) => ({ addresses: addresses.length > 0 ? [...new Set(addresses)] : before, trouble: new Error(`${host} has no address`) }),
      (trouble: unknown) => ({ addresses: before, trouble }),
    );
    const now = { ...found, askedAt: clock.now() };
    known.set(host, now);
    underWay.delete(host);
    return now;
  }

  async function lookUp(host: string): Promise<Known> {
    const before = known.get(host);
    const isKnown = before !== undefined && before.addresses.length > 0;
    if (before && isRecent(before.askedAt, isKnown ? freshMillis : freshTroubleMillis, clock.now())) return before;
    const looking = underWay.get(host) ?? find(host);
    if (!underWay.has(host)) underWay.set(host, looking);
    return isKnown ? before : inTime(looking, host, { millis: timeoutMillis, now: clock.now() });
  }

  async function behind(url: string): Promise<readonly Machine[]> {
    const host = hostOf(url);
    const itself = { server: url, url, address: null, trouble: null };
    if (isIP(host)) return [itself];
    const { addresses, trouble } = await lookUp(host);
    if (addresses.length === 0) return [{ ...itself, trouble }];
    return addresses.map((address) => ({ server: `${url} ${address}`, url, address, trouble: null }));
  }

  return {
    all: async () => (await Promise.all(urls.map(behind))).flat(),
    named(server) {
      const [url = '', address = null] = server.split(' ');
      if (!urls.includes(url)) return null;
      return { server, url, address: address !== null && isIP(address) ? address : null, trouble: null };
    },
  };
}

const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, '');

async function inTime(looking: Promise<Known>, host: string, { millis, now }: { millis: number; now: Instant }): Promise<Known> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Known>((resolve) => {
    const trouble = new Error(`${host} was not found within ${millis} ms`);
    timer = setTimeout(() => resolve({ addresses: [], trouble, askedAt: now }), millis);
  });
  return Promise.race([looking, late]).finally(() => clearTimeout(timer));
}
