/** The methods that are built, by name: adding one is adding its file and a line here. */

import type { MethodName } from '../rules/vocabulary.ts';
import { emailMethod } from './email.ts';
import type { Method, MethodNeeds } from './method.ts';
import { recoveryCodeMethod } from './recovery-code.ts';
import { totpMethod } from './totp.ts';

export type Methods = ReadonlyMap<MethodName, Method>;

export const methodsWith = (needs: MethodNeeds): Methods =>
  new Map([emailMethod(needs), totpMethod(needs), recoveryCodeMethod(needs)].map((method) => [method.name, method]));
