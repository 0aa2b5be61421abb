/** Earlier passwords: newest first, none twice, none before its write is known to have come about. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { testWorld } from '../testing/world.ts';

const test = suite('the password history');

async function shelf() {
  const { passwordHistory, writes, people, db, accounts } = await testWorld();
  const account = people.laura.id;
  const keep = (hash: string, at: number, salt = 's') => passwordHistory.keep({ account, salt, hash, marker: `m${at}`, at });
  const pending = (hash: string, at: number) => {
    const write = writes.start({ account, attempt: null, act: 'reset', supportCode: '', address: '', at });
    passwordHistory.pend({ account, write, salt: 's', hash, at });
    return write;
  };
  return {
    passwordHistory,
    account,
    keep,
    pending,
    people,
    db,
    accounts,
    hashes: () => passwordHistory.of(account).map(({ hash }) => hash),
  };
}

test('newest first by when they were proved, whichever was written last', async () => {
  const { keep, hashes } = await shelf();
  keep('second', 20);
  keep('third', 30);
  keep('first', 10);
  assert.equal(hashes(), ['third', 'second', 'first']);
});

test('none stands there twice: what is proved again moves to its new place', async () => {
  const { keep, hashes, passwordHistory, account } = await shelf();
  keep('a', 10);
  keep('b', 20);
  keep('a', 30);
  keep('a', 40, 'another salt');
  assert.equal(hashes(), ['a', 'a', 'b']);
  assert.equal(passwordHistory.of(account)[1], { salt: 's', hash: 'a', marker: 'm30' });
});

test('what is on its way counts when it is confirmed, as of then, and never when it is dropped', async () => {
  const { keep, pending, hashes, passwordHistory } = await shelf();
  keep('old', 20);
  const [sent, refused] = [pending('sent', 10), pending('refused', 10)];
  assert.equal(hashes(), ['old']);
  passwordHistory.drop(refused);
  passwordHistory.confirm(refused, 30);
  passwordHistory.confirm(sent, 30);
  passwordHistory.drop(sent);
  assert.equal(hashes(), ['sent', 'old']);
});

test('pruning leaves the newest of this account, and what is on its way', async () => {
  const { keep, pending, hashes, passwordHistory, account, people } = await shelf();
  for (const at of [1, 2, 3, 4]) keep(`p${at}`, at);
  passwordHistory.keep({ account: people.alice.id, salt: 's', hash: 'hers', marker: null, at: 0 });
  const sent = pending('sent', 0);
  passwordHistory.prune(account, 2);
  assert.equal(hashes(), ['p4', 'p3']);
  passwordHistory.prune(account, 0);
  assert.equal(hashes(), []);
  passwordHistory.confirm(sent, 5);
  assert.equal([hashes(), passwordHistory.of(people.alice.id).length], [['sent'], 1]);
});

test('it goes with the account, and when its entry is gone from the directory', async () => {
  const { keep, db, account, people, passwordHistory, accounts } = await shelf();
  passwordHistory.keep({ account: people.alice.id, salt: 's', hash: 'hers', marker: null, at: 0 });
  keep('a', 1);
  accounts.applySync([{ kind: 'disable', id: people.alice.id }], 2);
  assert.equal([passwordHistory.of(people.alice.id).length, passwordHistory.of(account).length], [0, 1]);
  db.$client.prepare('DELETE FROM account WHERE id = ?').run(account);
  assert.is(db.$client.prepare('SELECT count(*) FROM password_history').pluck().get(), 0);
});

test.run();
