/** What administrators decided, and small facts of the house's own. */

import { type Policy, policyFrom, type SettingKey, settings } from '../rules/policy.ts';
import type { Settings } from '../world.ts';
import type { Db } from './database.ts';
import { eq } from './drizzle.ts';
import { note, setting } from './schema.ts';

export function settingsIn(db: Db): Settings {
  let policy: Policy | null = null;
  let seen = -1;
  const dataVersion = db.$client.prepare('PRAGMA data_version').pluck();
  const read = (): Policy => {
    const rows = db.select().from(setting).all();
    return policyFrom(Object.fromEntries(rows.map(({ key, value }) => [key, JSON.parse(value)])));
  };
  return {
    policy() {
      if (db.$client.inTransaction) return read(); // what was set in it may yet be undone
      const version = dataVersion.get() as number; // moves when another process has written
      if (policy === null || version !== seen) policy = read();
      seen = version;
      return policy;
    },
    set(key: SettingKey, value: unknown) {
      if (settings[key].read(value) === null) throw new RangeError(`not a value of ${key}`);
      const stored = JSON.stringify(value);
      db.insert(setting)
        .values({ key, value: stored })
        .onConflictDoUpdate({ target: setting.key, set: { value: stored } })
        .run();
      policy = null;
    },
    note: (name) => db.select({ value: note.value }).from(note).where(eq(note.name, name)).get()?.value ?? null,
    setNote(name, value) {
      db.insert(note).values({ name, value }).onConflictDoUpdate({ target: note.name, set: { value } }).run();
    },
  };
}
