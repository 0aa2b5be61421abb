/** Reading only what changed ends in the same accounts as reading everybody, or says that it cannot tell. */

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Account, foldLogin } from '../rules/account.ts';
import { isRefusal, type Refusal } from '../rules/refusal.ts';
import { appliedTo } from '../testing/mirrored.ts';
import { type PartialReading, patch } from './patch.ts';
import { type Entry, openPlan, type Plan, type Terms } from './plan.ts';

const terms: Terms = {
  home: 'office',
  roleOf: ({ groups }) => (groups.includes('desk') ? 'helpdesk' : 'person'),
  maxDisablePercent: 10,
  mayDisable: 0,
};
const lifted: Terms = { ...terms, mayDisable: 1000 };
const entry = (id: string, more: Partial<Entry> = {}): Entry => ({
  ...{ remoteId: id, dn: `uid=${id}`, login: id, name: id, mail: null, mobile: null, groups: [], isDisabled: false, isProtected: false },
  ...more,
});
const account = (id: number, remoteId: string, more: Partial<Account> = {}): Account => ({
  ...{ id, login: remoteId, home: 'office', remoteId, dn: `uid=${remoteId}`, name: remoteId, mail: null, mobile: null, role: 'person' },
  ...{ groups: [], isProtected: false, isDisabled: false, suspendedAt: null, language: null },
  ...more,
});

function partial(accounts: readonly Account[], changed: readonly Entry[], more: Partial<PartialReading> = {}): PartialReading {
  return {
    ...terms,
    changed,
    census: null,
    accountOf: (remoteId) => accounts.find((one) => one.home === 'office' && one.remoteId === remoteId) ?? null,
    accountsOf: (login) => accounts.filter((one) => foldLogin(one.login) === foldLogin(login)),
    enabled: () => accounts.filter(({ home, isDisabled }) => home === 'office' && !isDisabled).length,
    ...more,
  };
}
const census = (accounts: readonly Account[], ids: readonly string[], groups: readonly string[] = []) => ({
  ids: new Set(ids),
  groups: new Set(groups),
  accounts: accounts.filter(({ home }) => home === 'office'),
});
function made(outcome: Plan | Refusal | null): Plan {
  if (outcome === null || isRefusal(outcome)) throw new Error(outcome === null ? 'in doubt' : `refused: ${outcome.key}`);
  return outcome;
}

const people = ['a', 'b', 'c', 'd'].map((id, place) => account(place + 1, id));

test('what changed is changed, who is new is added, and the rest is not looked at', () => {
  const { changes, unchanged } = made(patch(partial(people, [entry('a', { name: 'Anna' }), entry('b'), entry('new')])));
  assert.equal(
    changes.map((change) => [change.kind, change.kind === 'update' ? change.fields : []]),
    [
      ['update', ['name']],
      ['add', []],
    ],
  );
  assert.is(unchanged, 1);
});

test('with the ids of all, who is gone is disabled', () => {
  const { changes } = made(patch(partial(people, [], { census: census(people, ['a', 'b', 'd']) })));
  assert.equal(changes, [{ kind: 'disable', id: 3, login: 'c' }]);
  const before = people.map((one) => ({ ...one, isDisabled: one.remoteId === 'c' }));
  assert.equal(made(patch(partial(before, [], { census: census(before, ['a', 'b', 'd']) }))).changes, []);
});

test('two who change their logins for each other’s are told apart', () => {
  const { changes } = made(patch(partial(people, [entry('a', { login: 'b' }), entry('b', { login: 'a' })])));
  assert.equal(
    changes.map((change) => change.kind === 'update' && [change.id, change.entry.login]),
    [
      [1, 'b'],
      [2, 'a'],
    ],
  );
});

test('in doubt: a login that is another’s, a local one, one of two, or none; somebody twice', () => {
  const local = account(9, 'x', { login: 'Admin', home: null, remoteId: null });
  for (const changed of [
    [entry('new', { login: 'A' })],
    [entry('new', { login: 'admin' })],
    [entry('new', { login: 'x' }), entry('other', { login: 'X' })],
    [entry('a', { login: '' })],
    [entry('a'), entry('a', { name: 'Anna' })],
  ])
    assert.is(patch(partial([...people, local], changed)), null, JSON.stringify(changed));
  const elsewhere = account(9, 'y', { login: 'new', home: 'school' });
  assert.is(made(patch(partial([...people, elsewhere], [entry('new')]))).changes.length, 1, 'the same login in another home is no doubt');
});

test('in doubt: somebody whom nobody told of, and a group that is gone', () => {
  assert.is(patch(partial(people, [], { census: census(people, ['a', 'b', 'c', 'd', 'stranger']) })), null);
  const grouped = people.map((one) => ({ ...one, groups: ['staff'] }));
  assert.is(patch(partial(grouped, [], { census: census(grouped, ['a', 'b', 'c', 'd'], ['others']) })), null);
  assert.equal(made(patch(partial(grouped, [], { census: census(grouped, ['a', 'b', 'c', 'd'], ['staff']) }))).changes, []);
});

test('the brake holds here, too', () => {
  const office = Array.from({ length: 100 }, (_, place) => account(place + 1, `p${place}`));
  const ids = office.map(({ remoteId }) => remoteId ?? '');
  const refusal = (outcome: Plan | Refusal | null) => (isRefusal(outcome) ? [outcome.key, outcome.params.count] : outcome);
  assert.equal(refusal(patch(partial(office, [], { census: census(office, ids.slice(11)) }))), ['sync.brake', 11]);
  assert.is(made(patch(partial(office, [], { census: census(office, ids.slice(10)) }))).changes.length, 10);
  const shut = ids.slice(0, 11).map((id) => entry(id, { isDisabled: true }));
  assert.equal(refusal(patch(partial(office, shut))), ['sync.brake', 11]);
  assert.is(made(patch(partial(office, shut, { mayDisable: 11 }))).changes.length, 11);
  assert.equal(refusal(patch(partial(office, shut, { mayDisable: 10 }))), ['sync.brake', 11]);
  assert.equal(refusal(patch(partial(office, [], { census: census(office, []), mayDisable: 1000 }))), ['sync.empty', undefined]);
});

function whole(accounts: readonly Account[], entries: readonly Entry[]): Plan | Refusal {
  const planning = openPlan(lifted, new Set(['admin']));
  planning.see(entries);
  planning.know(accounts.filter(({ home }) => home === 'office'));
  return planning.end();
}

type Edit =
  | { kind: 'write'; id: string; more: Partial<Entry> }
  | { kind: 'remove'; id: string }
  | { kind: 'group'; id: string; groups: readonly string[] };

const anyId = fc.constantFrom(...'abcdefgh');
const anyEdit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({
    kind: fc.constant('write' as const),
    id: anyId,
    more: fc.record(
      {
        login: fc.constantFrom('a', 'B', 'b', 'c', 'x', 'admin', ''),
        name: fc.constantFrom('Anna', 'Ben'),
        dn: fc.constantFrom('uid=1', 'uid=2'),
        mail: fc.constantFrom(null, 'a@x'),
        isDisabled: fc.boolean(),
        isProtected: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
  }),
  fc.record({ kind: fc.constant('remove' as const), id: anyId }),
  fc.record({ kind: fc.constant('group' as const), id: anyId, groups: fc.subarray(['staff', 'desk']) }),
);

const known = (accounts: readonly Account[]) =>
  accounts
    .filter(({ home }) => home === 'office')
    .map(({ id: _, ...one }) => one)
    .sort((one, other) => String(one.remoteId).localeCompare(String(other.remoteId)));

test('any sequence of edits, read as it comes, ends in the same accounts as reading everybody every time', () => {
  let patched = 0;
  fc.assert(
    fc.property(fc.array(fc.array(anyEdit, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 }), (rounds) => {
      const local = account(1000, 'x', { login: 'admin', home: null, remoteId: null });
      let directory = new Map<string, Entry>(['a', 'b', 'c'].map((id) => [id, entry(id)]));
      let bySome: readonly Account[] = [local];
      let byAll: readonly Account[] = [local];
      let isSure = false;
      for (const edits of rounds) {
        const before = directory;
        directory = new Map(before);
        let isGroupChanged = false;
        for (const edit of edits) {
          const now = directory.get(edit.id);
          if (edit.kind === 'remove') directory.delete(edit.id);
          else if (edit.kind === 'write') directory.set(edit.id, { ...(now ?? entry(edit.id)), ...edit.more });
          else if (now) {
            directory.set(edit.id, { ...now, groups: edit.groups });
            isGroupChanged = true;
          }
        }
        const entries = [...directory.values()];
        const changed = entries.filter((one) => before.get(one.remoteId) !== one);
        const ids = census(bySome, [...directory.keys()], ['staff', 'desk']);
        const isSome: boolean = isSure && !isGroupChanged;
        const some: Plan | Refusal | null = isSome ? patch({ ...partial(bySome, changed, { census: ids }), mayDisable: 1000 }) : null;
        if (some !== null) patched += 1;
        const one: Plan | Refusal = some ?? whole(bySome, entries);
        const other = whole(byAll, entries);
        isSure = !isRefusal(one) && one.oddities.length === 0;
        if (!isRefusal(one)) bySome = appliedTo(bySome, one.changes);
        if (!isRefusal(other)) byAll = appliedTo(byAll, other.changes);
        assert.equal(known(bySome), known(byAll));
      }
    }),
    { numRuns: 1000 },
  );
  assert.ok(patched > 300, `only ${patched} partial readings were made`);
});

test.run();
