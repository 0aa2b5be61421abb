/** All doors of the access portal. */

import type { Route } from '../web/visit.ts';
import type { MyAccount } from './account.ts';
import { accountPages } from './account-pages.ts';
import { changePages } from './change-pages.ts';
import type { NotMe } from './not-me.ts';
import { notMePages } from './not-me-pages.ts';
import { type SignInFlows, signInPages } from './sign-in-pages.ts';

export interface AccessFlows extends SignInFlows {
  readonly notMe: NotMe;
  readonly myAccount: MyAccount;
}

export const accessPages = (flows: AccessFlows): Route[] => [
  ...accountPages(flows.myAccount),
  ...signInPages(flows),
  ...changePages(flows.changePassword),
  ...notMePages(flows.notMe),
];
