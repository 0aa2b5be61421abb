/** Changing the policy: what it would do to people, and the decision itself, each row of it recorded. Knows no form and no file. */

import { methodsHeld, type Methods } from './methods/methods.ts';
import type { Account } from './rules/account.ts';
import { forecast } from './rules/eligibility.ts';
import type { Policy, SettingKey } from './rules/policy.ts';
import type { World } from './world.ts';

type Needs = Pick<World, 'accounts' | 'directories' | 'enrolments' | 'settings' | 'journal' | 'clock' | 'atomically'> & {
  /** The methods as they would be under this policy. */
  readonly methodsUnder: (policy: Policy) => Methods;
};

export interface Change {
  readonly key: SettingKey;
  readonly from: unknown;
  readonly to: unknown;
}

/** Who, by what is known of them now, could reset before and not after, and the other way round. */
export interface Effect {
  readonly loses: readonly Account[];
  readonly gains: readonly Account[];
  /** Of how many who are not disabled. */
  readonly of: number;
}

/** After so many people others are let in between. */
const atATime = 200;

export function policyChange({ accounts, directories, enrolments, settings, journal, clock, atomically, methodsUnder }: Needs) {
  /** The rows that would be different. */
  const changes = (wanted: Partial<Policy>): readonly Change[] => {
    const current = settings.policy();
    return (Object.keys(wanted) as SettingKey[])
      .map((key) => ({ key, from: current[key], to: wanted[key] }))
      .filter(({ from, to }) => JSON.stringify(from) !== JSON.stringify(to));
  };

  async function effect(wanted: Partial<Policy>): Promise<Effect> {
    const [before, after] = [settings.policy(), { ...settings.policy(), ...wanted }].map(resetUnder) as [Judge, Judge];
    const people = [null, ...directories.all.map(({ id }) => id)]
      .flatMap((home) => accounts.all(home))
      .filter(({ isDisabled }) => !isDisabled);
    const loses: Account[] = [];
    const gains: Account[] = [];
    for (const [nth, account] of people.entries()) {
      const [could, can] = [before(account), after(account)];
      if (could && !can) loses.push(account);
      if (!could && can) gains.push(account);
      if (nth % atATime === atATime - 1) await clock.sleep(0);
    }
    return { loses, gains, of: people.length };
  }

  type Judge = (account: Account) => boolean;
  function resetUnder(policy: Policy): Judge {
    const methods = methodsUnder(policy);
    return (account) => forecast(account, methodsHeld(methods, account, enrolments.of(account.id)), policy).refusedBy === null;
  }

  /** All or nothing, in one transaction; returns the rows that are different now. Throws a RangeError for what is no value of its row. */
  const decide = (wanted: Partial<Policy>, by: { actor: string; address?: string; supportCode?: string }): readonly Change[] =>
    atomically(() => {
      const made = changes(wanted);
      for (const { key, from, to } of made) {
        settings.set(key, to);
        journal.append({ event: 'policy change', result: 'succeeded', detail: key, raw: JSON.stringify({ from, to }), ...by });
        if (key === 'writeback') journal.append({ event: 'writeback', result: 'succeeded', detail: to === true ? 'on' : 'off', ...by });
      }
      return made;
    });

  return { changes, effect, decide };
}
