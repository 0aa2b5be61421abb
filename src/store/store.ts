/** The store as the rest of Latchkey sees it: every repository over one open database. */

import type {
  Accounts,
  Atomically,
  Attempts,
  Clock,
  Enrolments,
  Journal,
  Outbox,
  PasswordHistory,
  Reminders,
  Random,
  Sessions,
  Settings,
  SyncRuns,
  Throttle,
  Tokens,
  Vault,
  Writes,
} from '../world.ts';
import { accountsIn, enrolmentsIn } from './accounts.ts';
import { attemptsIn, tokensIn, writesIn } from './attempts.ts';
import { atomicallyOn, type Db } from './database.ts';
import { journalIn } from './journal.ts';
import { outboxIn } from './outbox.ts';
import { passwordHistoryIn } from './password-history.ts';
import { remindersIn } from './reminders.ts';
import { sessionsIn, throttleIn } from './sessions.ts';
import { settingsIn } from './settings.ts';
import { syncRunsIn } from './sync-runs.ts';

export interface Store {
  readonly accounts: Accounts;
  readonly passwordHistory: PasswordHistory;
  readonly enrolments: Enrolments;
  readonly attempts: Attempts;
  readonly tokens: Tokens;
  readonly writes: Writes;
  readonly sessions: Sessions;
  readonly throttle: Throttle;
  readonly journal: Journal;
  readonly outbox: Outbox;
  readonly reminders: Reminders;
  readonly syncRuns: SyncRuns;
  readonly settings: Settings;
  readonly atomically: Atomically;
}

export function storeOn(db: Db, { vault, clock, random }: { vault: Vault; clock: Clock; random: Random }): Store {
  const settings = settingsIn(db);
  return {
    accounts: accountsIn(db),
    passwordHistory: passwordHistoryIn(db),
    enrolments: enrolmentsIn(db),
    attempts: attemptsIn(db, vault),
    tokens: tokensIn(db, vault),
    writes: writesIn(db),
    sessions: sessionsIn(db, vault, () => settings.policy()),
    throttle: throttleIn(db),
    journal: journalIn(db, { vault, clock, random }),
    outbox: outboxIn(db),
    reminders: remindersIn(db),
    syncRuns: syncRunsIn(db),
    settings,
    atomically: atomicallyOn(db),
  };
}
