/** Whether a form was filled in on our own page, by this browser, not too long ago. Signed and stateless: looking at a page writes nothing. */

import { timingSafeEqual } from 'node:crypto';
import { hour, type Instant, minute } from '../rules/time.ts';
import type { Random, Vault } from '../world.ts';

const tokenLife = 2 * hour;

/** `stale`: our own page, which is too old or was made before signing in or out. `forged`: not from our page in this browser. */
export type CsrfStanding = 'good' | 'stale' | 'forged';

/** Whom a page was made for. */
export interface Holder {
  /** The visitor cookie's value. */
  readonly visitor: string | null;
  /** The session's token, or null when signed out. */
  readonly session: string | null;
}

export interface Csrf {
  /** A fresh value for the visitor cookie. */
  newVisitor(): string;
  isVisitor(value: string | null): value is string;
  token(holder: Holder, at: Instant): string;
  /**
   * `isVouched`: the browser itself says that the form stood on our origin. Then a token of another visitor is one of our own pages from before
   * the cookie was lost (a restored tab), and is stale; without that word it is forged.
   */
  judge(token: string | undefined, circumstances: Holder & { at: Instant; isVouched: boolean }): CsrfStanding;
}

export function createCsrf({ vault, random }: { vault: Pick<Vault, 'digest'>; random: Pick<Random, 'token'> }): Csrf {
  const short = (purpose: string, value: string): string => vault.digest(purpose, value).slice(0, 22); // 132 bits
  const visitorOf = (holder: Holder): string => short('csrf visitor', holder.visitor ?? '');
  const sessionOf = (holder: Holder): string => short('csrf session', holder.session ?? '');
  const signed = (body: string): string => `${body}.${vault.digest('csrf', body)}`;
  const isVisitor = (value: string | null): value is string => {
    const [name, signature, ...rest] = (value ?? '').split('.');
    return name !== undefined && signature !== undefined && rest.length === 0 && isSame(signature, short('visitor', name));
  };

  return {
    newVisitor() {
      const name = random.token();
      return `${name}.${short('visitor', name)}`;
    },
    isVisitor,
    token: (holder, at) => signed(`${at.toString(36)}.${visitorOf(holder)}.${sessionOf(holder)}`),
    judge(token, { at, isVouched, ...holder }) {
      const [issued = '', visitor = '', session = '', ...rest] = (token ?? '').split('.');
      if (rest.length !== 1 || !isSame(token ?? '', signed(`${issued}.${visitor}.${session}`))) return 'forged';
      const isOwn = isVisitor(holder.visitor) && isSame(visitor, visitorOf(holder));
      if (!isOwn && !isVouched) return 'forged';
      const age = at - Number.parseInt(issued, 36);
      const isFresh = age >= -minute && age <= tokenLife;
      return isOwn && isFresh && isSame(session, sessionOf(holder)) ? 'good' : 'stale';
    },
  };
}

function isSame(given: string, right: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}
