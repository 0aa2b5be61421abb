/**
 * Whether OpenLDAP's password policy holds what the service account sets. It holds nobody who has the right `manage` on userPassword, and not
 * the database's root, and it tells neither: so it is asked by a reset that cannot happen. Nothing is changed, in no case.
 */

import { type Instant, minute } from '../rules/time.ts';
import type { Place } from './dialect.ts';
import { dnText, parseDn } from './dn.ts';
import { isFailure } from './failure.ts';
import { encodeFilter, not, present } from './filter.ts';
import type { RequestControl } from './ldap.ts';
import { policyAnswer, policyRequest } from './ppolicy.ts';
import type { Root } from './root.ts';

const assertionOid = '1.3.6.1.1.12';
/** RFC 4528: change the entry only if it has no object class. The overlay judges before the database looks at this (measured, slapd 2.5). */
const never: RequestControl = {
  type: assertionOid,
  isCritical: true,
  value: encodeFilter(not(present('objectClass'))),
};

interface Known {
  readonly isHeld: boolean;
  readonly until: Instant;
}
/** Rights and policies change seldom, and each question stands in the server's log as a refused change. */
const rememberedFor = 15 * minute;
const known = new WeakMap<Root, Map<string, Known>>();

/** Of people below the same entry and under the same policy. False also where it cannot be shown: then Latchkey judges by itself. */
export async function isHeld(place: Place, policyDn: string, now: Instant): Promise<boolean> {
  const answers = known.get(place.root) ?? new Map<string, Known>();
  known.set(place.root, answers);
  const key = `${policyDn}\n${dnText(parseDn(place.dn).slice(1))}`;
  const remembered = answers.get(key);
  if (remembered && remembered.until > now) return remembered.isHeld;
  const isHeldNow = (await askedNow(place)) === true;
  answers.set(key, { isHeld: isHeldNow, until: now + rememberedFor });
  return isHeldNow;
}

const assertionFailed = 122;

/**
 * Too short for any policy that looks at passwords; whoever is not held to one gets as far as the assertion, and no further. Null where
 * nothing can be told.
 */
export async function askedNow({ link, dn, root }: Pick<Place, 'link' | 'dn' | 'root'>): Promise<boolean | null> {
  if (!root.offers(assertionOid)) return null;
  const changes = [{ operation: 'replace', attribute: 'userPassword', values: ['x'] }] as const;
  const answer = await link.modify(dn, changes, { controls: [policyRequest, never] }).catch((error: unknown) => {
    // What changes nothing may be asked again, and of another server.
    throw isFailure(error) ? error.of(false) : error;
  });
  if (policyAnswer(answer).error !== null) return true;
  return answer.resultCode === assertionFailed ? false : null;
}
