/**
 * A reset or unlock from the typed login to the new password: login -> gates -> ending, and the sight of it at every moment. The attempt on
 * the server knows its step; the browser holds only a cookie. In the closed mode whatever depends on the account happens after the reply, so
 * that neither its bytes nor its time tell a member from a stranger.
 */

import { frontDoor } from '../front-door.ts';
import type { Methods } from '../methods/methods.ts';
import type { PasswordDesk } from '../set-password.ts';
import type { World } from '../world.ts';
import { endings } from './ending.ts';
import { gates } from './gates.ts';
import { help } from './help.ts';
import { logins } from './login.ts';
import { sights } from './sight.ts';
import { standings } from './standing.ts';
import { verdicts } from './verdict.ts';

export type PasswordReset = ReturnType<typeof passwordReset>;

export function passwordReset(needs: World & { readonly methods: Methods; readonly desk: PasswordDesk }) {
  const ground = { ...needs, door: frontDoor(needs), standings: standings(needs) };
  const parts = { ...ground, verdicts: verdicts(ground) };
  return { ...sights(parts), ...logins(parts), ...gates(parts), ...endings(parts), ...help(needs) };
}
