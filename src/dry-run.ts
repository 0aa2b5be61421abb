/** What would stand in the way of one person's reset, found and judged as the door does it, by what the directory says now. Changes nothing. */

import { type FrontDoor, isSeveral } from './front-door.ts';
import { type Methods, methodsHeld } from './methods/methods.ts';
import type { Account } from './rules/account.ts';
import { type Check, eligibility } from './rules/eligibility.ts';
import { isRefusal, type Refusal } from './rules/refusal.ts';
import type { Intention } from './rules/vocabulary.ts';
import type { World } from './world.ts';

type Needs = Pick<World, 'passwordsFor' | 'enrolments' | 'settings'> & { readonly door: FrontDoor; readonly methods: Methods };

export type DryRun =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'several'; readonly accounts: readonly Account[] }
  | {
      readonly kind: 'found';
      readonly account: Account;
      /** In the order in which they are judged; how often this address has tried is not among what can be judged here. */
      readonly checks: readonly Check[];
      /** The name of the profile by which the account is judged; null: the office's policy. */
      readonly profile: string | null;
      /** Why the directory could not be asked. */
      readonly refusal: Refusal | null;
    };

export async function dryRun(
  login: string,
  { door, methods, passwordsFor, enrolments, settings }: Needs,
  intention: Intention = 'reset',
): Promise<DryRun> {
  const found = door.known(login) ?? (await door.foundLive(login));
  if (found === null) return { kind: 'unknown' };
  if (isSeveral(found)) return { kind: 'several', accounts: found.several };
  const status = await passwordsFor(found).status();
  const held = methodsHeld(methods, found, enrolments.of(found.id));
  const facts = { account: found, intention, held, live: isRefusal(status) ? null : status, isBlocked: false };
  const { checks: all, profile } = eligibility(facts, settings.policy());
  const checks = all.filter(({ name }) => name !== 'within limits');
  return { kind: 'found', account: found, checks, profile, refusal: isRefusal(status) ? status : null };
}
