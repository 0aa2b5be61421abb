/** What a person's registered methods are good for: which are of use now, and whether they are enough to reset a password. Asks nobody. */

import type { Methods } from '../methods/methods.ts';
import type { Account } from '../rules/account.ts';
import { forecast } from '../rules/eligibility.ts';
import type { Policy } from '../rules/policy.ts';
import type { Instant } from '../rules/time.ts';
import type { CheckName, MethodName } from '../rules/vocabulary.ts';
import type { Enrolment } from '../world.ts';

/** One registered method as its owner sees it. */
export interface Way {
  readonly id: number;
  readonly method: MethodName;
  readonly label: string;
  /** How many one-time codes are left; null where there are none to count. */
  readonly left: number | null;
  readonly isPreferred: boolean;
  /** Policy lets it open a gate at present; that there are no codes left says `left`. */
  readonly isAllowed: boolean;
  readonly addedAt: Instant;
  readonly usedAt: Instant | null;
}

/** "With these you can reset: yes or no." */
export interface Reach {
  readonly canReset: boolean;
  /** How many more ways would do; 0 when what is there is enough. */
  readonly missing: number;
  /** What stands in the way besides the methods, so that no registering would help. */
  readonly barredBy: CheckName | null;
}

/** The hardest to phish, guess or intercept first. */
const strength: readonly MethodName[] = ['passkey', 'totp', 'email', 'sms', 'recovery-code', 'questions', 'colleague', 'pass'];
export const strongestFirst = (methods: readonly MethodName[]): readonly MethodName[] =>
  [...methods].sort((one, other) => strength.indexOf(one) - strength.indexOf(other));

/** By the policy that judges this account. */
export function waysOf(
  account: Account,
  { enrolments, methods, policy }: { enrolments: readonly Enrolment[]; methods: Methods; policy: Policy },
): readonly Way[] {
  const ways = enrolments.flatMap((enrolment): Way[] => {
    const { id, method, isPreferred, addedAt, usedAt } = enrolment;
    const kind = methods.get(method);
    if (!kind) return [];
    const described = kind.describe(enrolment);
    const isUsable = kind.isUsable(enrolment, account);
    return [
      {
        id,
        method,
        label: described.label,
        left: described.left ?? null,
        isPreferred,
        isAllowed: policy.methods.includes(method) && (described.left === 0 || isUsable),
        addedAt,
        usedAt,
      },
    ];
  });
  return [...ways].sort((one, other) => strength.indexOf(one.method) - strength.indexOf(other.method));
}

/** What these methods would do, as a forecast for the person. */
export function reachOf(account: Account, held: readonly MethodName[], policy: Policy): Reach {
  const { checks, refusedBy } = forecast(account, held, policy);
  const enough = checks.find(({ name }) => name === 'methods');
  const { held: usable = 0, needed = 1 } = enough?.params ?? {};
  return {
    canReset: refusedBy === null,
    missing: enough?.isPassed ? 0 : Math.max(1, Number(needed) - Number(usable)),
    barredBy: checks.find(({ name, isPassed }) => !isPassed && name !== 'methods')?.name ?? null,
  };
}
