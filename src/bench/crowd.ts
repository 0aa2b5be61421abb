/** Very many live attempts, tokens and sessions at once, as a busy year or an attacker leaves them. */

import type { House } from '../app.ts';
import { minute } from '../rules/time.ts';

/** `many` of each, of strangers and of a thousand people, put into the tables at once. */
export function fill({ db, world }: House, many: number): void {
  const { clock, random, vault } = world;
  const at = clock.now();
  const end = at + 15 * minute;
  const sql = db.$client;
  const person = sql.prepare(
    "INSERT INTO account (login, login_fold, name, role, groups, is_protected, is_disabled, created_at) VALUES (?, ?, ?, 'person', '[]', 0, 0, ?) RETURNING id",
  );
  const attempt = sql.prepare(
    "INSERT INTO attempt (token_digest, support_code, intention, login_digest, account_id, address, language, created_at, expires_at, state) VALUES (?, ?, 'reset', ?, ?, ?, 'en', ?, ?, 'open') RETURNING id",
  );
  const step = sql.prepare(`INSERT INTO attempt_step (attempt_id, seq, step) VALUES (?, 1, '{"kind":"identified","at":${at}}')`);
  const token = sql.prepare(
    'INSERT INTO token (purpose, digest, account_id, attempt_id, expires_at, tries_left) VALUES (?, ?, ?, ?, ?, 5)',
  );
  const session = sql.prepare(
    "INSERT INTO session (token_digest, account_id, standing, created_at, used_at, proved_at, address, device) VALUES (?, ?, 'full', ?, ?, ?, '10.0.0.1', '')",
  );
  world.atomically(() => {
    const people = Array.from(
      { length: 1000 },
      (_, number) => (person.get(`crowd${number}`, `crowd${number}`, `Person ${number}`, at) as { id: number }).id,
    );
    for (let number = 0; number < many; number += 1) {
      const account = people[number % people.length];
      const digest = () => vault.digest('crowd', random.token());
      const { id } = attempt.get(digest(), `CRWD-${number}`, digest(), number % 2 ? account : null, `10.9.${number & 255}.1`, at, end) as {
        id: number;
      };
      step.run(id);
      token.run(number % 2 ? 'reset code' : 'reset link', digest(), account, id, end);
      session.run(digest(), account, at, at, at);
    }
  });
}
