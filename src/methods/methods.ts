/** The methods that are built, by name: adding one is adding its file and a line here. */

import type { Account } from '../rules/account.ts';
import type { MethodName } from '../rules/vocabulary.ts';
import type { Enrolment } from '../world.ts';
import { colleagueMethod } from './colleague.ts';
import { emailMethod } from './email.ts';
import type { Method, MethodNeeds } from './method.ts';
import { passMethod } from './pass.ts';
import { passkeyMethod } from './passkey.ts';
import { questionsMethod } from './questions.ts';
import { recoveryCodeMethod } from './recovery-code.ts';
import { smsMethod } from './sms.ts';
import { totpMethod } from './totp.ts';

export type Methods = ReadonlyMap<MethodName, Method>;

/** Texts only where there is a gateway: `texts` says in which country a number without one is. */
export const methodsWith = (needs: MethodNeeds & { readonly texts?: { readonly defaultCountry: string } | null }): Methods =>
  new Map(
    [
      emailMethod(needs),
      passkeyMethod(needs),
      totpMethod(needs),
      questionsMethod(needs),
      ...(needs.texts ? [smsMethod({ ...needs, ...needs.texts })] : []),
      recoveryCodeMethod(needs),
      passMethod(needs),
      colleagueMethod(needs),
    ].map((method) => [method.name, method]),
  );

/** What these enrolments, and the directory, let the account prove itself with now. */
export const methodsHeld = (methods: Methods, account: Account, enrolments: readonly Enrolment[]): MethodName[] =>
  [...methods.values()]
    .filter(({ name, isUsable, isGiven }) => isGiven?.(account) || enrolments.some((one) => one.method === name && isUsable(one, account)))
    .map(({ name }) => name);
