/** Whose address a request comes from: the peer's, or what trusted proxies say of it. One answer for limits, journal and mails. */

import { BlockList, isIP, SocketAddress } from 'node:net';

interface Hop {
  readonly peer: string | undefined;
  /** X-Forwarded-For as received, several headers joined by commas. */
  readonly forwardedFor: string | undefined;
}

/**
 * `trusted` are addresses or CIDR ranges; throws on one that is neither. The header is walked from the right, for only what a trusted proxy
 * appended can be believed; the first address that is not a trusted proxy is the person's. A malformed entry ends the walk at the last hop that was sound.
 */
export function addressBook(trusted: readonly string[]): (hop: Hop) => string {
  const proxies = listOf(trusted);
  const isProxy = (address: string): boolean => proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

  return ({ peer, forwardedFor }) => {
    let address = plainAddress(peer ?? '') ?? '0.0.0.0';
    for (const entry of (forwardedFor ?? '').split(',').reverse()) {
      if (!isProxy(address)) return address;
      const claimed = plainAddress(entry);
      if (claimed === null) return address;
      address = claimed;
    }
    return address;
  };
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', bits, ...rest] = range.split('/');
    const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
    const most = family === 'ipv6' ? 128 : 32;
    const length = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
    if (isIP(network) === 0 || rest.length > 0 || !(length >= 0 && length <= most)) throw new Error(`Not an address or a range: ${range}`);
    list.addSubnet(network, length, family);
  }
  return list;
}

/** Without port, brackets and zone; an IPv4 address in IPv6 clothes as IPv4; IPv6 in its one short spelling (RFC 5952). Null when it is none. */
export function plainAddress(written: string): string | null {
  const trimmed = written.trim();
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(trimmed)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(trimmed)?.[1] ?? trimmed;
  const [address = ''] = bare.split('%');
  if (isIP(address) === 4) return address;
  if (isIP(address) !== 6) return null;
  const short = new SocketAddress({ address, family: 'ipv6' }).address;
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(short)?.[1] ?? short;
}
