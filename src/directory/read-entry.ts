/** One entry by its name, as far as the service account may see it. */

import { isFailure } from './failure.ts';
import { type Filter, present } from './filter.ts';
import type { Entry, Link } from './ldap.ts';

/** noSuchObject, invalidDNSyntax, insufficientAccessRights (RFC 4511 A.1). Any other failure says nothing of the entry. */
const absent: readonly number[] = [32, 34, 50];

/** Null where it is not there, is not what the filter says, or may not be read: a server may say so with an empty success, too. */
export async function readEntry(
  link: Link,
  dn: string,
  { attributes, filter = present('objectClass') }: { attributes: readonly string[]; filter?: Filter },
): Promise<Entry | null> {
  try {
    const [entry] = await link.search({ base: dn, scope: 'base', filter, attributes });
    return entry ?? null;
  } catch (error) {
    if (isFailure(error) && absent.includes(error.answer?.resultCode ?? 0)) return null;
    throw error;
  }
}
