/** How far people come with what they have registered, and with what they could register. Asks the last sync's copy, no directory. */

import { type Methods, methodsHeld } from '../methods/methods.ts';
import { type Account, foldLogin, placedLogin } from '../rules/account.ts';
import { groupAmong } from '../rules/group.ts';
import { policyFor } from '../rules/policy.ts';
import type { MethodName } from '../rules/vocabulary.ts';
import type { Enrolment, World } from '../world.ts';
import { type Reach, reachOf, strongestFirst } from './ways.ts';

type Needs = Pick<World, 'accounts' | 'enrolments' | 'settings'> & { readonly methods: Methods };

export function reaches({ accounts, enrolments, settings, methods }: Needs) {
  const secondSteps = strongestFirst([...methods.values()].filter(({ isSecondStep }) => isSecondStep).map(({ name }) => name));

  const heldBy = (account: Account): readonly MethodName[] => methodsHeld(methods, account, enrolments.of(account.id));
  const reachWith = (account: Account, held: readonly Enrolment[]): Reach =>
    reachOf(account, methodsHeld(methods, account, held), settings.policy());
  const reach = (account: Account): Reach => reachOf(account, heldBy(account), settings.policy());

  /** What can be added, the strongest first. Staff need the app for their second step, whatever opens a gate. */
  function offered(account: Account): readonly MethodName[] {
    const allowed = new Set<MethodName>(policyFor(account, settings.policy()).methods);
    if (account.role !== 'person') for (const name of secondSteps) allowed.add(name);
    return strongestFirst([...methods.values()].filter(({ name, enrolment }) => enrolment && allowed.has(name)).map(({ name }) => name));
  }

  /** They are never asked for anything: by policy, or because nothing that they could register would let them reset. */
  function isSpared(account: Account): boolean {
    const policy = settings.policy();
    const exempt = policy.registration_exempt;
    if (groupAmong(account.groups, exempt) !== null || isNamed(account, exempt)) return true;
    return !reachOf(account, [...new Set([...heldBy(account), ...offered(account)])], policy).canReset;
  }

  /** A login that several homes know names nobody, until its home is written behind it: `alice@office`. */
  function isNamed(account: Account, names: readonly string[]): boolean {
    const logins = names.map((name) => foldLogin(name.trim()));
    if (logins.includes(foldLogin(placedLogin(account)))) return true;
    return (
      logins.includes(foldLogin(account.login)) && accounts.byLogin(account.login).filter(({ isDisabled }) => !isDisabled).length === 1
    );
  }

  return { secondSteps, reach, reachWith, offered, isSpared };
}
