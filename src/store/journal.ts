/** The journal: append only, chained under the key file, personal values beside the chain so that a person can be forgotten. */

import type { EventName, MethodName, Result } from '../rules/vocabulary.ts';
import type { Clock, Journal, JournalEvent, JournalRow, Random, Vault } from '../world.ts';
import { atomicallyOn, type Db } from './database.ts';
import { and, asc, desc, eq, gt, inArray, sql } from './drizzle.ts';
import { journal, journalHead, journalPersonal } from './schema.ts';

const personalFields = ['actor', 'account', 'address', 'raw'] as const;
type PersonalField = (typeof personalFields)[number];
type ChainRow = typeof journal.$inferSelect;
const pageSize = 500;
const origin = 'latchkey';

export function journalIn(db: Db, { vault, clock, random }: { vault: Vault; clock: Clock; random: Random }): Journal {
  const atomically = atomicallyOn(db);
  const lastRow = db.select().from(journal).orderBy(desc(journal.seq)).limit(1).prepare();
  const headRow = db.select().from(journalHead).prepare();
  const insertRow = db
    .insert(journal)
    .values(Object.fromEntries(columns.map((name) => [name, sql.placeholder(name)])) as unknown as ChainRow)
    .prepare();
  const insertPersonal = db
    .insert(journalPersonal)
    .values({
      seq: sql.placeholder('seq'),
      field: sql.placeholder('field'),
      salt: sql.placeholder('salt'),
      value: sql.placeholder('value'),
    })
    // Left over only where somebody cut the chain by hand: that is found by `verify`, and must not stop the desk.
    .onConflictDoUpdate({
      target: [journalPersonal.seq, journalPersonal.field],
      set: { salt: sql`excluded.salt`, value: sql`excluded.value` },
    })
    .prepare();
  const head = db.$client.prepare(
    'INSERT INTO journal_head (id, seq, mac) VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, mac = excluded.mac',
  );

  const fieldDigest = (field: PersonalField, salt: string, value: string): string => vault.digest(`journal ${field}`, `${salt}\n${value}`);
  const rowHash = (before: string, row: Omit<ChainRow, 'hash'>): string =>
    vault.digest('journal', JSON.stringify([before, ...columns.slice(0, -1).map((name) => row[name as keyof typeof row])]));
  const headMac = (seq: number, hash: string): string => vault.digest('journal head', `${seq}\n${hash}`);
  /** Whether the head names this row as the last. */
  function isWhole(last: ChainRow | undefined): boolean {
    const mark = headRow.get();
    return last === undefined ? mark === undefined : mark?.seq === last.seq && mark.mac === headMac(last.seq, last.hash);
  }

  function append(event: JournalEvent): void {
    atomically(() => {
      const before = lastRow.get();
      // Where the head does not fit, something was cut off: a number is left out, and the gap tells of it for ever.
      const seq = Math.max(before?.seq ?? 0, headRow.get()?.seq ?? 0) + (isWhole(before) ? 1 : 2);
      const personal = personalFields.flatMap((field) => {
        const value = event[field];
        if (value === undefined || value === null) return [];
        const salt = Buffer.from(random.bytes(16)).toString('base64url');
        return [{ field, salt, value, digest: fieldDigest(field, salt, value) }];
      });
      const digestOf = (field: PersonalField): string | null => personal.find((one) => one.field === field)?.digest ?? null;
      const row = {
        seq,
        at: clock.now(),
        event: event.event,
        method: event.method ?? null,
        result: event.result,
        detail: event.detail ?? null,
        supportCode: event.supportCode ?? null,
        actorDigest: digestOf('actor'),
        accountDigest: digestOf('account'),
        addressDigest: digestOf('address'),
        rawDigest: digestOf('raw'),
      };
      const hash = rowHash(before?.hash ?? origin, row);
      insertRow.run({ ...row, hash });
      for (const { field, salt, value } of personal) insertPersonal.run({ seq, field, salt, value });
      head.run(seq, headMac(seq, hash));
    });
  }

  function withPersonal(rows: readonly ChainRow[]): JournalRow[] {
    const values = new Map<string, string>();
    const seqs = rows.map(({ seq }) => seq);
    if (seqs.length > 0) {
      for (const { seq, field, value } of db.select().from(journalPersonal).where(inArray(journalPersonal.seq, seqs)).all())
        values.set(`${seq} ${field}`, value);
    }
    return rows.map(({ seq, at, event, method, result, detail, supportCode, hash }) => ({
      seq,
      at,
      event: event as EventName,
      method: method as MethodName | null,
      result: result as Result,
      detail: detail ?? '',
      supportCode,
      hash,
      actor: values.get(`${seq} actor`) ?? null,
      account: values.get(`${seq} account`) ?? null,
      address: values.get(`${seq} address`) ?? null,
      raw: values.get(`${seq} raw`) ?? null,
    }));
  }

  function* pages(): Generator<ChainRow[]> {
    for (let after = 0; ; ) {
      const rows = db.select().from(journal).where(gt(journal.seq, after)).orderBy(asc(journal.seq)).limit(pageSize).all();
      if (rows.length === 0) return;
      yield rows;
      after = rows.at(-1)?.seq ?? after;
    }
  }

  /** Whether the row continues the chain, and its personal values are those that were written, or were forgotten. */
  function isSound(row: ChainRow, before: ChainRow | undefined): boolean {
    if (row.seq !== (before?.seq ?? 0) + 1 || row.hash !== rowHash(before?.hash ?? origin, row)) return false;
    const digests = { actor: row.actorDigest, account: row.accountDigest, address: row.addressDigest, raw: row.rawDigest };
    return db
      .select()
      .from(journalPersonal)
      .where(eq(journalPersonal.seq, row.seq))
      .all()
      .every(({ field, salt, value }) => digests[field as PersonalField] === fieldDigest(field as PersonalField, salt, value));
  }

  function verify(): ReturnType<Journal['verify']> {
    let before: ChainRow | undefined;
    for (const rows of pages()) {
      for (const row of rows) {
        if (!isSound(row, before)) return { brokenAt: row.seq, rows: before?.seq ?? 0 };
        before = row;
      }
    }
    const rows = before?.seq ?? 0;
    return isWhole(before) ? { rows } : { brokenAt: rows + 1, rows };
  }

  return {
    append,
    latest: (count) => withPersonal(db.select().from(journal).orderBy(desc(journal.seq)).limit(count).all()),
    ofAccount(login, count) {
      const seqs = db
        .select({ seq: journalPersonal.seq })
        .from(journalPersonal)
        .where(and(eq(journalPersonal.field, 'account'), eq(journalPersonal.value, login)))
        .orderBy(desc(journalPersonal.seq))
        .limit(count)
        .all()
        .map(({ seq }) => seq);
      return seqs.length === 0
        ? []
        : withPersonal(db.select().from(journal).where(inArray(journal.seq, seqs)).orderBy(desc(journal.seq)).all());
    },
    *rows() {
      for (const rows of pages()) yield* withPersonal(rows);
    },
    verify: () => db.$client.transaction(verify).deferred(), // one view of the file, whatever another process appends meanwhile
  };
}

/** In the order in which they enter the hash. */
const columns = [
  'seq',
  'at',
  'event',
  'method',
  'result',
  'detail',
  'supportCode',
  'actorDigest',
  'accountDigest',
  'addressDigest',
  'rawDigest',
  'hash',
] as const;
