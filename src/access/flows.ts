/** The flows of the access portal on one World. All prove a current password in one place, so that its line of tries is one. */

import type { Methods } from '../methods/methods.ts';
import type { PasswordDesk } from '../set-password.ts';
import type { World } from '../world.ts';
import { myAccount } from './account.ts';
import { changePassword } from './change.ts';
import { currentPassword } from './current-password.ts';
import { notMe } from './not-me.ts';
import { signIn } from './sign-in.ts';

export function accessFlows(needs: World & { readonly methods: Methods; readonly desk: PasswordDesk; readonly publicUrl: string }) {
  const current = currentPassword(needs);
  return {
    current,
    signIn: signIn({ ...needs, current }),
    changePassword: changePassword({ ...needs, current }),
    notMe: notMe(needs),
    myAccount: myAccount(needs),
  };
}
