/** The pages of the access portal. */

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

export const accessPages = (flows: AccessFlows) => ({
  signIn: signInPages(flows),
  change: changePages(flows.changePassword),
  account: accountPages(flows.myAccount),
  notMe: notMePages(flows.notMe),
});
