/**
 * The copy of a directory's people, as a sync reads and writes it: fifty thousand rows at a time. Bare statements, for Drizzle takes three
 * times as long for so many.
 */

import { type Account, foldLogin } from '../rules/account.ts';
import type { AccountChange, DirectoryEntry } from '../world.ts';
import { atomicallyOn, type Db } from './database.ts';

type AccountRow = Omit<Account, 'groups' | 'isProtected' | 'isDisabled'> & { groups: string; isProtected: number; isDisabled: number };

/** As many as people come at once, so that a reading is as busy at its end as at its beginning; 2 ms. */
const slice = 1000;

export interface Mirror {
  /** All accounts of that home; null: of Latchkey itself. */
  all(home: string | null): readonly Account[];
  inSlices(home: string): IterableIterator<readonly Account[]>;
  enabledIn(home: string): number;
  /** All or nothing. */
  apply(changes: readonly AccountChange[], at: number): void;
}

export function mirrorIn(db: Db): Mirror {
  const { $client: client } = db;
  const columns = `id, login, home, remote_id AS remoteId, dn, manager, name, mail, mobile, role, groups,
    is_protected AS isProtected, is_disabled AS isDisabled, suspended_at AS suspendedAt, language`;
  const everybody = client.prepare(`SELECT ${columns} FROM account WHERE home IS ?`);
  // The plus keeps it from the index on homes, by which every slice would be sorted anew.
  const some = client.prepare(`SELECT ${columns} FROM account WHERE +home = ? AND id > ? ORDER BY id LIMIT ?`);
  const enabled = client.prepare('SELECT count(*) FROM account WHERE home = ? AND is_disabled = 0').pluck();
  // Values by their place: by names, each row would cost half as much again.
  const add = client.prepare(
    `INSERT INTO account (home, remote_id, created_at, ${written.join(', ')}) VALUES (?, ?, ?, ${written.map(() => '?').join(', ')})`,
  );
  const update = client.prepare(`UPDATE account SET ${written.map((column) => `${column} = ?`).join(', ')} WHERE id = ?`);
  const disable = client.prepare('UPDATE account SET is_disabled = 1 WHERE id = ?');
  // Who is gone has no use for it; should they come back, the next sign-in remembers the present one.
  const forgetPasswords = client.prepare('DELETE FROM password_history WHERE account_id = ?');
  // A new role asks more of a session than it was started with: the second step.
  const endSessionsOfAnother = client.prepare(
    'DELETE FROM session WHERE account_id IN (SELECT id FROM account WHERE id = ? AND role <> ?)',
  );

  return {
    all: (home) => (everybody.all(home) as AccountRow[]).map(accountFrom()),
    *inSlices(home) {
      const accountOf = accountFrom();
      for (let after = 0; ; ) {
        const rows = some.all(home, after, slice) as AccountRow[];
        if (rows.length === 0) return;
        after = rows.at(-1)?.id ?? after;
        yield rows.map(accountOf);
      }
    },
    enabledIn: (home) => enabled.get(home) as number,
    apply(changes, at) {
      const textOf = remembered((groups: readonly string[]) => JSON.stringify(groups));
      atomicallyOn(db)(() => {
        for (const change of changes) {
          if (change.kind === 'disable') {
            disable.run(change.id);
            forgetPasswords.run(change.id);
          } else if (change.kind === 'add') add.run(change.home, change.entry.remoteId, at, ...valuesOf(change.entry, change.role, textOf));
          else {
            endSessionsOfAnother.run(change.id, change.role);
            update.run(...valuesOf(change.entry, change.role, textOf), change.id);
          }
        }
      });
    },
  };
}

/** The row itself becomes the account: copies of fifty thousand would take half as long again. */
function accountFrom(): (row: AccountRow) => Account {
  const listOf = remembered((text: string) => JSON.parse(text) as string[]);
  return (row) => {
    const account = row as { -readonly [Field in keyof Account]: Account[Field] | AccountRow[Field] };
    account.groups = listOf(row.groups);
    account.isProtected = row.isProtected === 1;
    account.isDisabled = row.isDisabled === 1;
    return account as Account;
  };
}

const written = [
  ...['dn', 'listed_as', 'manager', 'login', 'login_fold', 'name', 'mail', 'mobile', 'role', 'groups'],
  ...['is_protected', 'is_disabled'],
];

/** In the order of `written`. */
function valuesOf(entry: DirectoryEntry, role: Account['role'], textOf: (groups: readonly string[]) => string) {
  const { dn, listedAs = null, manager = null, login, name, mail, mobile, groups, isProtected, isDisabled } = entry;
  const flags = [isProtected ? 1 : 0, isDisabled ? 1 : 0];
  return [dn, listedAs, manager, login, foldLogin(login), name, mail, mobile, role, textOf(groups), ...flags];
}

/** Whole teams share one list of groups. */
function remembered<From, To>(make: (from: From) => To): (from: From) => To {
  const known = new Map<From, To>();
  return (from) => {
    const made = known.get(from) ?? make(from);
    known.set(from, made);
    return made;
  };
}
