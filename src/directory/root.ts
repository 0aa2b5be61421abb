/** What a server says of itself before anybody asks for a person (RFC 4512 5.1). A server may hide it: then it offers nothing. */

import { isWithin } from './dn.ts';
import type { Entry, Link } from './ldap.ts';
import { readEntry } from './read-entry.ts';

export interface Root {
  /** Null where it may not be read. */
  readonly entry: Entry | null;
  /** Whether a control, extension or feature of this OID is offered. Never assumed of a server that does not say. */
  offers(oid: string): boolean;
  /** The naming context that `dn` lies in; `dn` itself where the server names none. */
  contextOf(dn: string): string;
}

export async function readRoot(link: Link): Promise<Root> {
  return rootOf(await readEntry(link, '', { attributes: ['*', '+'] }));
}

export function rootOf(entry: Entry | null): Root {
  const said = (attribute: string): readonly string[] => entry?.texts(attribute) ?? [];
  const offered = new Set([
    ...said('supportedControl'),
    ...said('supportedExtension'),
    ...said('supportedFeatures'),
    ...said('supportedCapabilities'),
  ]);
  return {
    entry,
    offers: (oid) => offered.has(oid),
    contextOf: (dn) => said('namingContexts').find((context) => isWithin(dn, context)) ?? dn,
  };
}
