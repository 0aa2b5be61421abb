/**
 * The copy of a directory's people, as a sync reads and writes it: fifty thousand rows at a time. Bare statements, for Drizzle takes three
 * times as long for so many.
 */

import { type Account, foldLogin } from '../rules/account.ts';
import type { AccountChange, DirectoryEntry } from '../world.ts';
import { atomicallyOn, type Db } from './database.ts';

type AccountRow = Omit<Account, 'groups' | 'isProtected' | 'isDisabled'> & { groups: string; isProtected: number; isDisabled: number };

export interface Mirror {
  /** All accounts of that home; null: of Latchkey itself. */
  all(home: string | null): readonly Account[];
  enabledIn(home: string): number;
  /** All or nothing. */
  apply(changes: readonly AccountChange[], at: number): void;
}

export function mirrorIn(db: Db): Mirror {
  const { $client: client } = db;
  const columns = `id, login, home, remote_id AS remoteId, dn, name, mail, mobile, role, groups,
    is_protected AS isProtected, is_disabled AS isDisabled, suspended_at AS suspendedAt, language`;
  const everybody = client.prepare(`SELECT ${columns} FROM account WHERE home IS ?`);
  const enabled = client.prepare('SELECT count(*) FROM account WHERE home = ? AND is_disabled = 0').pluck();
  const add = client.prepare(
    `INSERT INTO account (home, remote_id, created_at, dn, listed_as, login, login_fold, name, mail, mobile, role, groups, is_protected, is_disabled)
     VALUES (@home, @remoteId, @at, @dn, @listedAs, @login, @loginFold, @name, @mail, @mobile, @role, @groups, @isProtected, @isDisabled)`,
  );
  const update = client.prepare(
    `UPDATE account SET dn = @dn, listed_as = @listedAs, login = @login, login_fold = @loginFold, name = @name, mail = @mail, mobile = @mobile,
       role = @role, groups = @groups, is_protected = @isProtected, is_disabled = @isDisabled WHERE id = @id`,
  );
  const disable = client.prepare('UPDATE account SET is_disabled = 1 WHERE id = ?');
  // Who is gone has no use for it; should they come back, the next sign-in remembers the present one.
  const forgetPasswords = client.prepare('DELETE FROM password_history WHERE account_id = ?');
  // A new role asks more of a session than it was started with: the second step.
  const endSessionsOfAnother = client.prepare(
    'DELETE FROM session WHERE account_id IN (SELECT id FROM account WHERE id = ? AND role <> ?)',
  );

  return {
    all(home) {
      const listOf = remembered((text: string) => JSON.parse(text) as string[]);
      return (everybody.all(home) as AccountRow[]).map((row) => ({
        ...row,
        groups: listOf(row.groups),
        isProtected: row.isProtected === 1,
        isDisabled: row.isDisabled === 1,
      }));
    },
    enabledIn: (home) => enabled.get(home) as number,
    apply(changes, at) {
      const textOf = remembered((groups: readonly string[]) => JSON.stringify(groups));
      atomicallyOn(db)(() => {
        for (const change of changes) {
          if (change.kind === 'disable') {
            disable.run(change.id);
            forgetPasswords.run(change.id);
          } else if (change.kind === 'add') add.run({ home: change.home, at, ...valuesOf(change.entry, change.role, textOf) });
          else {
            endSessionsOfAnother.run(change.id, change.role);
            update.run({ id: change.id, ...valuesOf(change.entry, change.role, textOf) });
          }
        }
      });
    },
  };
}

function valuesOf(entry: DirectoryEntry, role: Account['role'], textOf: (groups: readonly string[]) => string) {
  const { remoteId, dn, listedAs = null, login, name, mail, mobile, groups, isProtected, isDisabled } = entry;
  return {
    ...{ remoteId, dn, listedAs, login, loginFold: foldLogin(login), name, mail, mobile, role, groups: textOf(groups) },
    isProtected: isProtected ? 1 : 0,
    isDisabled: isDisabled ? 1 : 0,
  };
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
