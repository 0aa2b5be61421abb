/** My account: the password's age and end, the methods held, what happened lately, and where one is signed in. Knows no page. */

import type { Methods } from '../methods/methods.ts';
import type { Account } from '../rules/account.ts';
import { isRefusal } from '../rules/refusal.ts';
import { hour, type Instant, minute } from '../rules/time.ts';
import type { MethodName } from '../rules/vocabulary.ts';
import type { JournalRow, PasswordStatus, Session, World } from '../world.ts';

type Needs = Pick<World, 'accounts' | 'enrolments' | 'sessions' | 'journal' | 'settings' | 'passwordsFor' | 'clock' | 'atomically'> & {
  readonly methods: Methods;
};

/** Somebody signed in, and how they came. */
export interface Here {
  readonly account: Account;
  readonly session: Session;
  readonly address: string;
  readonly supportCode: string;
}

export interface Overview {
  /** Null while the home does not answer. */
  readonly password: Pick<PasswordStatus, 'changedAt' | 'changeableAt' | 'expiresAt' | 'isExpired' | 'mustChange'> | null;
  readonly methods: readonly { method: MethodName; label: string; left: number | null; usedAt: Instant | null }[];
  /** Newest first. */
  readonly activity: readonly Pick<JournalRow, 'at' | 'event' | 'result' | 'detail' | 'method' | 'address'>[];
  readonly sessions: readonly (Pick<Session, 'id' | 'device' | 'address' | 'createdAt' | 'usedAt'> & { isThis: boolean })[];
}

const rowsOfActivity = 20;

export type MyAccount = ReturnType<typeof myAccount>;

export function myAccount({ accounts, enrolments, sessions, journal, settings, passwordsFor, clock, atomically, methods }: Needs) {
  async function overview({ account, session }: Pick<Here, 'account' | 'session'>): Promise<Overview> {
    const status = await passwordsFor(account).status();
    return {
      password: isRefusal(status) ? null : status,
      methods: methodsOf(account),
      activity: activityOf(account),
      sessions: liveSessions(account).map((one) => ({ ...one, isThis: one.id === session.id })),
    };
  }

  /** The journal knows logins alone, and a login may have had another holder, or have one in another home. */
  function activityOf({ id, login, home }: Account): Overview['activity'] {
    if (accounts.byLogin(login).some((other) => other.home !== home)) return [];
    const since = accounts.createdAt(id) ?? clock.now();
    return journal.ofAccount(login, rowsOfActivity).filter(({ at }) => at >= since);
  }

  const methodsOf = (account: Account): Overview['methods'] =>
    enrolments.of(account.id).flatMap((enrolment) => {
      const { method, usedAt } = enrolment;
      const shown = methods.get(method)?.describe(enrolment);
      return shown ? [{ method, label: shown.label, left: shown.left ?? null, usedAt }] : [];
    });

  /** What has run out is still in the table until it is swept, but opens nothing. */
  function liveSessions(account: Account): readonly Session[] {
    const { session_idle_minutes, session_hours } = settings.policy();
    const now = clock.now();
    return sessions
      .of(account.id)
      .filter(({ usedAt, createdAt }) => now < usedAt + session_idle_minutes * minute && now < createdAt + session_hours * hour);
  }

  /** Ends one of one's own sessions; a number of somebody else's ends nothing. */
  function endSession({ account, address, supportCode }: Here, id: number): void {
    if (!sessions.of(account.id).some((one) => one.id === id)) return;
    atomically(() => {
      sessions.end(id);
      journal.append({
        event: 'sign-out',
        result: 'succeeded',
        detail: 'one session',
        actor: account.login,
        account: account.login,
        address,
        supportCode,
      });
    });
  }

  function signOutEverywhere({ account, address, supportCode }: Here): void {
    atomically(() => {
      sessions.endAll(account.id);
      journal.append({
        event: 'sign-out',
        result: 'succeeded',
        detail: 'everywhere',
        actor: account.login,
        account: account.login,
        address,
        supportCode,
      });
    });
  }

  return { overview, endSession, signOutEverywhere };
}
