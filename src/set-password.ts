/** The one sentence that every new password passes, whichever door it came through: judge, set, settle, tell. */

import type { Account } from './rules/account.ts';
import type { Refusal } from './rules/refusal.ts';
import type { AttemptId } from './rules/attempt.ts';
import type { Write, World } from './world.ts';

export interface NewPassword {
  readonly account: Account;
  readonly password: string;
  readonly act: Write['act'];
  /** Given when the person changes it and knows the present one: it is proved by the home, never replaced by a reset. */
  readonly current?: string;
  readonly attempt?: AttemptId;
  /** The session that survives: the one in which a signed-in person changes the password. */
  readonly session?: number;
  readonly address: string;
  readonly supportCode: string;
  readonly language: string;
}

export type PasswordSet =
  | { kind: 'done'; isProved: boolean }
  /** All broken rules at once, or the one refusal of the home: the old password is in force. */
  | { kind: 'refused'; refusals: readonly Refusal[] }
  | { kind: 'unknown' };

export type SetPassword = (wanted: NewPassword) => Promise<PasswordSet>;

type Needs = Pick<World, 'accounts' | 'attempts' | 'passwordsFor' | 'writes' | 'journal' | 'deliver' | 'sessions' | 'tokens' | 'throttle' | 'settings' | 'clock' | 'random' | 'atomically'>;
export declare const setPassword: (needs: Needs & { publicUrl: string }) => SetPassword;
