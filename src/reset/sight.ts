/** What the page shows of an attempt. In the closed mode, before the first proof, it is the same for every login. */

import type { Account } from '../rules/account.ts';
import { asked, chosen, type Place, proofsOf, type Question } from '../rules/attempt.ts';
import type { Term } from '../rules/new-password.ts';
import type { Rule } from '../rules/password.ts';
import { isRefusal } from '../rules/refusal.ts';
import type { Instant } from '../rules/time.ts';
import type { CheckName, Intention, MethodName } from '../rules/vocabulary.ts';
import type { PasswordDesk } from '../set-password.ts';
import type { World } from '../world.ts';
import type { FrontDoor } from '../front-door.ts';
import type { Methods } from '../methods/methods.ts';
import { keyOf, type Standings } from './standing.ts';

type Needs = Pick<World, 'attempts' | 'enrolments' | 'deferral'> & {
  readonly methods: Methods;
  readonly standings: Standings;
  readonly door: Pick<FrontDoor, 'areAllAway'>;
  readonly desk: Pick<PasswordDesk, 'rulesOf' | 'offer'>;
};

export interface Sight {
  readonly place: Place | 'away' | 'refused';
  readonly intention: Intention;
  readonly supportCode: string;
  readonly methods: readonly MethodName[];
  readonly method: MethodName | null;
  /** What that method shows beside the field for the answer. */
  readonly question: Question | null;
  /** Where a code would go, masked; null for whoever has proved nothing, in the closed mode. */
  readonly masked: Readonly<Partial<Record<MethodName, string>>>;
  /** Destinations and totals are told only to somebody who has proved something, or in the open mode. */
  readonly gate: { readonly number: number; readonly of: number | null };
  readonly login: string | null;
  /** Whom the new password must not name; null until something is proved. */
  readonly person: string | null;
  readonly rules: readonly Rule[];
  readonly terms: readonly Term[];
  /** From when the minimum age lets a reset be done; null when now. */
  readonly possibleFrom: Instant | null;
  /** One of the codes on paper was spent, so that a fresh set is offered. */
  readonly isCodeSpent: boolean;
  /** The open mode says why; the closed one never. */
  readonly reason: CheckName | null;
}

const unbound = { rules: [], terms: [], possibleFrom: null };

export function sights({ methods, attempts, enrolments, deferral, standings, door, desk }: Needs) {
  const { isClosedTo, methodsShown, standingShown } = standings;

  /** The person's own page; null where there is no attempt, and the page asks for the login. */
  async function show(token: string | null): Promise<Sight | null> {
    if (token === null) return null;
    const first = attempts.byToken(token);
    if (!first) return null;
    const method = chosen(first)?.method;
    const isDrawn = method !== undefined && methods.get(method)?.ask !== undefined;
    if (!isClosedTo(first) || isDrawn) await deferral.settled(keyOf(first));
    const settled = attempts.byToken(token); // it may have moved to another browser meanwhile
    if (!settled) return null;
    const standing = standingShown(settled);
    const { attempt, account } = standing;
    const isBefore = proofsOf(attempt).length === 0;
    const isOpen = !isClosedTo(attempt);
    const isWaiting = standing.place === 'method' || standing.place === 'answer';
    const isAway = isBefore && isWaiting && door.areAllAway();
    const isRefused = isOpen && isWaiting && attempt.refusedBy !== null;
    const bound = standing.place === 'password' && account ? await desk.rulesOf(account, 'reset') : null;
    return {
      place: isAway ? 'away' : isRefused ? 'refused' : standing.place,
      intention: attempt.intention,
      supportCode: attempt.supportCode,
      methods: methodsShown(standing),
      method: chosen(attempt)?.method ?? null,
      question: method === undefined ? null : asked(attempt, method),
      masked: isOpen && account ? maskedOf(account) : {},
      gate: { number: proofsOf(attempt).length + 1, of: isBefore && !isOpen ? null : proofsOf(attempt).length + standing.gatesLeft },
      login: isBefore ? null : (account?.login ?? null),
      person: isBefore ? null : (account?.name ?? null),
      ...(bound === null || isRefusal(bound) ? unbound : { rules: bound.rules, terms: bound.terms, possibleFrom: bound.possibleFrom }),
      isCodeSpent: proofsOf(attempt).some((proof) => proof.method === 'recovery-code'),
      reason: isRefused ? (attempt.refusedBy as CheckName) : null,
    };
  }

  /** A passphrase that would be taken, for whoever is to choose a password now. */
  const offer = async ({ place, login, person, rules }: Sight, language: string): Promise<string | null> =>
    place === 'password' && login !== null ? desk.offer({ subject: { login, name: person ?? '', isLocal: false }, rules, language }) : null;

  /** What the helpdesk will ask for; null where nothing is under way. */
  const supportCodeOf = (token: string | null): string | null => (token === null ? null : (attempts.byToken(token)?.supportCode ?? null));

  /** Where codes would go, as each method itself chooses it. */
  function maskedOf(account: Account): Sight['masked'] {
    const held = enrolments.of(account.id);
    const known = [...methods.values()].flatMap(({ name, destination }) => {
      const to = destination?.({ account, enrolments: held.filter(({ method }) => method === name) }) ?? null;
      return to === null ? [] : [[name, to] as const];
    });
    return Object.fromEntries(known);
  }

  return { show, offer, supportCodeOf };
}
