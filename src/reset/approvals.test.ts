/** A colleague's approval from both sides: what leads to an open gate, and everything that must not. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Account } from '../rules/account.ts';
import { resultOf } from '../rules/attempt.ts';
import type { Policy } from '../rules/policy.ts';
import { isRefusal, type Refusal } from '../rules/refusal.ts';
import { limits } from '../rules/throttle.ts';
import { minute, second } from '../rules/time.ts';
import { type CastName, cast } from '../testing/cast.ts';
import { type TestWorld, testWorld } from '../testing/world.ts';
import { type Approval, approvalDesk } from './approvals.ts';
import { passwordReset } from './reset.ts';

const test = suite('a colleague’s approval');
const good = 'correct horse battery';
const staff = 'cn=staff,ou=groups,dc=latchkey,dc=example';
const keyOf = (value: unknown): string => (isRefusal(value) ? (value as Refusal).key : 'done');

/** What the directory says of the person from now on. */
async function synced(world: TestWorld, name: CastName, change: { manager?: string | null; mail?: string; isDisabled?: boolean }) {
  const account = world.accounts.byLogin(cast[name].login)[0] as Account;
  const entry = await world.directory.read(`id-${name}`);
  if (entry === null || isRefusal(entry)) throw new Error(`${name} cannot be read`);
  const { manager = null } = account;
  world.accounts.applySync([{ kind: 'update', id: account.id, entry: { manager, ...entry, ...change }, role: account.role }], 0);
}

/** Bob manages Alice, and has registered nothing himself. */
async function office(policy: Partial<Policy> = {}) {
  const world = await testWorld({ policy: { methods: ['email', 'totp', 'colleague'], second_gate_when_stronger: false, ...policy } });
  await synced(world, 'alice', { manager: world.people.bob.dn });
  const reset = passwordReset(world);
  const desk = approvalDesk(world);
  let visits = 0;
  async function ask(login: string, address = '192.0.2.1'): Promise<string> {
    visits += 1;
    const opened = await reset.identify({ login, intention: 'reset', address, language: 'en', supportCode: `ASK-${visits}` });
    if (isRefusal(opened)) throw new Error(opened.key);
    if (world.settings.policy().open_about_accounts) await world.deferral.drain(); // there the page waits for who it is
    await reset.choose(opened.token, 'colleague');
    await world.deferral.drain();
    return opened.token;
  }
  const now = (name: CastName): Account => world.accounts.byId(world.people[name].id) as Account;
  const here = (name: CastName) => ({ account: now(name), address: '192.0.2.99' });
  const requests = (name: CastName) => desk.waiting(now(name));
  const idOf = (token: string): number => world.attempts.byToken(token)?.id ?? 0;
  const approve = (token: string, name: CastName) => desk.approve(idOf(token), here(name));
  function code(token: string, name: CastName = 'bob'): string {
    const approval = approve(token, name);
    if (isRefusal(approval)) throw new Error(approval.key);
    return (approval as Approval).code;
  }
  const asked = () => world.mail.filter(({ kind }) => kind === 'approval-asked').map(({ to }) => to.split('@')[0]);
  return { world, reset, desk, ask, now, here, requests, idOf, approve, code, asked };
}
const placeOf = async ({ reset }: Awaited<ReturnType<typeof office>>, token: string) => (await reset.show(token))?.place ?? null;

test('the manager is asked, sees who it is, shows a code, and it leads to a new password', async () => {
  const at = await office();
  const { world, reset, desk, ask, requests, here, idOf, asked } = at;
  const token = await ask('alice', '198.51.100.7');
  assert.equal(asked(), ['bob']);
  const letter = world.mail.find(({ kind }) => kind === 'approval-asked');
  assert.equal(letter?.variables, { asker: 'Alice Ackroyd', login: 'alice', link: 'https://desk.example.com/approvals' });
  assert.is(letter?.expiresAt, world.clock.now() + 60 * minute);
  assert.equal(requests('bob'), [
    {
      ...{ id: idOf(token), name: 'Alice Ackroyd', login: 'alice', intention: 'reset' },
      ...{ address: '198.51.100.7', supportCode: 'ASK-1', askedAt: world.clock.now() },
    },
  ]);
  world.clock.advance(40 * minute);
  const approval = desk.approve(idOf(token), here('bob')) as Approval;
  assert.match(approval.code, /^\d{8}$/);
  assert.is(approval.minutes, 10);
  const next = await reset.answer(token, ` ${approval.code.slice(0, 4)} ${approval.code.slice(4)}`);
  if (isRefusal(next)) throw next;
  assert.is(await placeOf(at, next.token), 'password');
  assert.equal(requests('bob'), [], 'nothing is left to approve');
  assert.equal(await reset.complete(next.token, { password: good, again: good }), { kind: 'done', isProved: true });
  assert.is(world.credential('alice').hash, good);
  assert.ok(world.mail.some(({ kind, to }) => kind === 'password-reset' && to === cast.alice.mail));
  const [row] = world.journal.latest(20).filter(({ detail }) => detail === 'approved');
  assert.equal(
    [row?.actor, row?.account, row?.method, row?.address, row?.supportCode],
    ['bob', 'alice', 'colleague', '192.0.2.99', 'ASK-1'],
  );
  assert.not.ok(JSON.stringify([world.mail, world.journal.latest(50)]).includes(approval.code), 'the code is in no mail and in no journal');
});

test('off by default; then nobody is asked, and nothing is held', async () => {
  const { world, reset } = await office({ methods: ['email', 'totp'] });
  const opened = await reset.identify({ login: 'alice', intention: 'reset', address: '', language: 'en', supportCode: 'X' });
  assert.is(keyOf(await reset.choose((opened as { token: string }).token, 'colleague')), 'method.unknown');
  const method = world.methods.get('colleague');
  assert.is(method?.isGiven?.(world.accounts.byLogin('alice')[0] as Account), false);
});

test('the attempt lives an hour from its beginning, whoever chose it', async () => {
  for (const login of ['alice', 'bob', 'dave', 'eve']) {
    const at = await office();
    const token = await at.ask(login);
    at.world.clock.advance(60 * minute - second);
    assert.is(await placeOf(at, token), 'answer', login);
    at.world.clock.advance(second);
    assert.is(await placeOf(at, token), 'expired', login);
  }
  const at = await office();
  const token = await at.ask('alice');
  at.world.clock.advance(59 * minute);
  assert.is((at.approve(token, 'bob') as Approval).minutes, 1, 'no longer than the attempt');
  const late = at.code(token);
  at.world.clock.advance(minute);
  assert.is(keyOf(await at.reset.answer(token, late)), 'attempt.expired', 'the code lives no longer than the attempt');
  assert.is(keyOf(at.approve(token, 'bob')), 'approval.none');
});

test('wrong, expired, replayed, replaced', async () => {
  const { world, reset, ask, code } = await office();
  const token = await ask('alice');
  assert.is(keyOf(await reset.answer(token, '00000000')), 'answer.wrong', 'before there is a code');
  const first = code(token);
  assert.is(
    keyOf(
      await reset.answer(
        token,
        first.replace(/./, (digit) => String((Number(digit) + 1) % 10)),
      ),
    ),
    'answer.wrong',
  );
  const second = code(token);
  assert.is(keyOf(await reset.answer(token, first)), 'answer.wrong', 'a newer one has replaced it');
  world.clock.advance(10 * minute);
  assert.is(keyOf(await reset.answer(token, second)), 'answer.wrong', 'ten minutes are over');
  const third = code(token);
  const passed = await reset.answer(token, third);
  assert.is(keyOf(passed), 'done');
  const again = await ask('alice');
  assert.is(keyOf(await reset.answer(again, third)), 'answer.wrong', 'spent, and another attempt’s');
});

test("another attempt's, another account's", async () => {
  const { world, reset, ask, code } = await office();
  await synced(world, 'carol', { manager: world.people.bob.dn });
  const [mine, other, hers] = [await ask('alice'), await ask('alice', '198.51.100.7'), await ask('carol')];
  const codes = [code(mine), code(other), code(hers)] as const;
  assert.is(keyOf(await reset.answer(mine, codes[1])), 'answer.wrong');
  assert.is(keyOf(await reset.answer(mine, codes[2])), 'answer.wrong');
  assert.is(keyOf(await reset.answer(await ask('eve'), codes[0])), 'answer.wrong', 'a stranger');
  world.clock.advance(11 * second);
  await reset.choose(mine, 'email');
  await world.deferral.drain();
  assert.is(keyOf(await reset.answer(mine, codes[0])), 'answer.wrong', 'it is no mailed code');
  world.clock.advance(11 * second);
  await reset.choose(mine, 'colleague');
  assert.is(keyOf(await reset.answer(mine, world.codeFromMail(cast.alice.mail))), 'answer.wrong', 'nor is that a colleague’s');
  assert.is(keyOf(await reset.answer(mine, codes[0])), 'done');
});

test('the sixth try is wrong even when right; so is the right code after five by parallel hands', async () => {
  const { world, reset, ask, code } = await office();
  const token = await ask('alice');
  const right = code(token);
  for (let tries = 0; tries < 5; tries += 1) assert.is(keyOf(await reset.answer(token, '00000000')), 'answer.wrong');
  assert.is(keyOf(await reset.answer(token, right)), 'answer.wrong');
  world.clock.advance(61 * minute);
  const next = await ask('alice');
  const fresh = code(next);
  const wrong = await Promise.all(Array.from({ length: 5 }, () => reset.answer(next, '00000000')));
  assert.equal(wrong.map(keyOf), Array(5).fill('answer.wrong'));
  assert.is(keyOf(await reset.answer(next, fresh)), 'answer.wrong');
});

test('parallel answers open one gate, parallel presses leave one code', async () => {
  const { reset, ask, code, approve, world } = await office({ gates: 2, approvers: ['carol'] });
  const token = await ask('alice');
  assert.is(keyOf(approve(token, 'carol')), 'done');
  assert.is(keyOf(approve(token, 'bob')), 'approval.given', 'somebody else has just been shown one');
  const live = world.db.$client.prepare("SELECT count(*) FROM token WHERE purpose = 'approval code' AND used_at IS NULL").pluck();
  const [first, last] = [code(token, 'carol'), code(token, 'carol')];
  assert.is(live.get(), 1);
  const answers = await Promise.all([first, last, last].map((one) => reset.answer(token, one)));
  assert.is(answers.filter((answer) => !isRefusal(answer)).length, 1);
  const [passed] = world.db.$client.prepare("SELECT count(*) FROM attempt_step WHERE step ->> 'kind' = 'passed'").pluck().all();
  assert.is(passed, 1);
});

test('a code is spent by being right', async () => {
  const { world, ask, code, now } = await office();
  const token = await ask('alice');
  const right = code(token);
  const method = world.methods.get('colleague');
  const attempt = world.attempts.byToken(token);
  const challenge = { account: now('alice'), enrolments: [], attempt, binding: '', language: 'en', at: world.clock.now() };
  assert.is(await method?.judge({ ...challenge, attempt: null }, right), 'wrong', 'at sign-in it is none');
  const judged = await Promise.all([1, 2, 3].map(() => method?.judge(challenge, right)));
  assert.equal(judged, ['right', 'wrong', 'wrong']);
});

test('when another’s code has been tried in vain or has ended, the next colleague may show one', async () => {
  const { reset, ask, approve, world } = await office({ approvers: ['carol'] });
  const token = await ask('alice');
  assert.is(keyOf(approve(token, 'carol')), 'done');
  world.clock.advance(10 * minute);
  assert.is(keyOf(approve(token, 'bob')), 'done');
  for (let tries = 0; tries < 5; tries += 1) await reset.answer(token, '00000000');
  assert.is(keyOf(approve(token, 'carol')), 'done');
});

test('only who was asked sees a request or acts on it, and only while they still may', async () => {
  const { world, reset, desk, ask, requests, approve, code, idOf, here } = await office();
  const token = await ask('alice');
  for (const name of ['alice', 'carol', 'dave', 'laura'] as const) {
    assert.equal(requests(name), [], name);
    assert.is(keyOf(approve(token, name)), 'approval.none', name);
    assert.is(keyOf(desk.deny(idOf(token), here(name))), 'approval.none', name);
  }
  for (const id of [0, -1, 999, Number.NaN, 1.5, Number.MAX_VALUE]) assert.is(keyOf(desk.approve(id, here('bob'))), 'approval.none');

  world.decide({ approvers: ['carol'] });
  assert.is(keyOf(approve(token, 'carol')), 'approval.none', 'appointed since, but not asked');
  const early = code(token);
  world.decide({ approval_by_manager: false });
  assert.equal(requests('bob'), []);
  assert.is(keyOf(approve(token, 'bob')), 'approval.none', 'the role is lost');
  assert.is(keyOf(await reset.answer(token, early)), 'answer.wrong', 'and so is the code that was shown before');
  world.decide({ approval_by_manager: true });

  await synced(world, 'alice', { manager: world.people.carol.dn });
  assert.is(keyOf(approve(token, 'bob')), 'approval.none', 'somebody else is the manager now');
  await synced(world, 'alice', { manager: world.people.bob.dn });
  await synced(world, 'bob', { isDisabled: true });
  assert.is(keyOf(approve(token, 'bob')), 'approval.none', 'disabled');
  await synced(world, 'bob', {});
  world.accounts.suspend(world.people.bob.id, 1);
  assert.is(keyOf(approve(token, 'bob')), 'approval.none', 'suspended');
  world.accounts.suspend(world.people.bob.id, null);
  assert.is(keyOf(approve(token, 'bob')), 'done');
});

test('policy withdrawn, the person suspended or finished: nothing is left to approve, and the code opens nothing', async () => {
  const { world, reset, ask, requests, approve, code } = await office();
  const token = await ask('alice');
  const shown = code(token);
  world.decide({ methods: ['email', 'totp'] });
  assert.equal(requests('bob'), []);
  assert.is(keyOf(approve(token, 'bob')), 'approval.none');
  assert.is(keyOf(await reset.answer(token, shown)), 'answer.wrong');
  world.decide({ methods: ['email', 'totp', 'colleague'] });
  world.accounts.suspend(world.people.alice.id, 1);
  assert.equal(requests('bob'), []);
  world.accounts.suspend(world.people.alice.id, null);
  assert.is(requests('bob').length, 1);
  reset.cancel(token);
  assert.equal(requests('bob'), []);
});

test('nobody approves for themselves: not as their own manager, by a namesake, or behind the same mailbox', async () => {
  const { world, ask, asked, here, desk, idOf } = await office({ approvers: ['alice', 'alice@local', 'laura'] });
  await synced(world, 'alice', { manager: world.people.alice.dn });
  const local = { login: 'alice', name: 'Alice again', mail: 'again@home.example.net', role: 'person', passwordHash: 'x', at: 0 } as const;
  const namesake = world.accounts.createLocal(local);
  const other = world.accounts.createLocal({ ...local, login: 'alice-2', mail: cast.alice.mail.toUpperCase() });
  world.decide({ approvers: ['alice', 'alice@local', 'alice-2', 'laura'] });
  world.accounts.suspend(world.people.laura.id, null);
  const token = await ask(`alice@${world.directory.id}`);
  assert.equal(asked(), ['laura']);
  for (const account of [here('alice').account, namesake, other])
    assert.is(keyOf(desk.approve(idOf(token), { account, address: '' })), 'approval.none', account.login);
});

test('named approvers by login, group and DN; ten at most, the manager first; none without a mailbox', async () => {
  const { world, ask, asked } = await office({ approvers: ['staff'] });
  for (let nth = 0; nth < 20; nth += 1) {
    const entry = { remoteId: `x${nth}`, dn: `cn=x${nth}`, login: `x${nth}`, name: `X ${nth}`, mobile: null, isProtected: false };
    const mail = nth === 3 ? null : `x${nth}@home.example.net`;
    const add = { ...entry, mail, groups: [staff], isDisabled: nth === 5 };
    world.accounts.applySync([{ kind: 'add', home: 'office', entry: add, role: 'person' }], 0);
  }
  await ask('alice');
  assert.is(asked().length, 10);
  assert.is(asked()[0], 'bob');
  assert.not.ok(asked().some((login) => ['alice', 'x3', 'x5', 'dave'].includes(login ?? '')));

  const named = await office({ approvers: [staff.replaceAll(',', ' , ').toUpperCase(), 'LAURA'], approval_by_manager: false });
  await named.ask('alice');
  assert.equal(named.asked().sort(), ['bob', 'carol', 'laura']);
});

test('"It is not them" ends it: for the colleague, the journal and the person, not for the eyes of whoever asked', async () => {
  const { world, reset, desk, ask, here, idOf, requests, code, approve } = await office();
  const [token, stranger] = [await ask('alice'), await ask('eve')];
  const shown = code(token);
  const before = world.mail.length;
  assert.is(desk.deny(idOf(token), here('bob')), 'denied');
  assert.equal(requests('bob'), []);
  assert.is(keyOf(desk.deny(idOf(token), here('bob'))), 'approval.none');
  assert.is(keyOf(approve(token, 'bob')), 'approval.none');
  assert.equal(
    world.mail.slice(before).map(({ kind, to, variables }) => [kind, to, variables]),
    [['reset-denied', cast.alice.mail, { colleague: 'Bob Baker' }]],
  );
  const [row] = world.journal.latest(5).filter(({ detail }) => detail === 'denied');
  assert.equal([row?.actor, row?.account, row?.result, row?.method], ['bob', 'alice', 'failed', 'colleague']);
  assert.is(resultOf(world.attempts.byToken(token) as never, world.clock.now()).detail, 'denied');
  const seen = await Promise.all(
    [token, stranger].map(async (one) => {
      const wrong = await reset.answer(one, shown);
      world.clock.advance(11 * second);
      const chosen = await reset.choose(one, 'email');
      await world.deferral.drain();
      const mailed = await reset.answer(one, '00000000');
      const sight = await reset.show(one);
      return JSON.stringify([wrong, chosen, mailed, sight]).replace(sight?.supportCode ?? '', 'CODE');
    }),
  );
  assert.is(seen[0], seen[1]);
  assert.is(world.mail.length, before + 1, 'nothing more is sent for it');
});

test('open about accounts: the page says that it has ended', async () => {
  const at = await office({ open_about_accounts: true });
  const token = await at.ask('alice');
  assert.is(at.desk.deny(at.idOf(token), at.here('bob')), 'denied');
  assert.is(await placeOf(at, token), 'ended');
});

test('denied after another gate was passed, the attempt is over for good', async () => {
  const { world, reset, desk, ask, here } = await office({ gates: 2 });
  const token = await ask('alice');
  world.clock.advance(11 * second);
  await reset.choose(token, 'totp');
  const passed = await reset.answer(token, world.totpCode('alice'));
  if (isRefusal(passed)) throw passed;
  await reset.choose(passed.token, 'colleague');
  await world.deferral.drain();
  const { id } = world.attempts.byToken(passed.token) ?? { id: 0 };
  assert.is(desk.deny(id, here('bob')), 'denied');
  assert.is(await reset.show(passed.token), null);
  assert.is(keyOf(await reset.complete(passed.token, { password: good, again: good })), 'attempt.none');
  assert.equal(resultOf(world.attempts.byId(id) as never, world.clock.now()).result, 'failed');
});

test('closed: whoever chooses it sees the same, and the same later', async () => {
  const { world, reset } = await office();
  const seen: string[] = [];
  for (const login of ['alice', 'bob', 'carol', 'dave', 'eve']) {
    const opened = await reset.identify({ login, intention: 'reset', address: login, language: 'en', supportCode: 'CODE' });
    const { token } = opened as { token: string };
    const chosen = await reset.choose(token, 'colleague');
    const first = await reset.show(token);
    const wrong = await reset.answer(token, '00000000');
    const settled = await reset.show(token);
    world.clock.advance(30 * minute);
    const later = await reset.show(token);
    const again = await reset.choose(token, 'colleague');
    await world.deferral.drain();
    world.clock.advance(30 * minute);
    seen.push(JSON.stringify([chosen, first, wrong, settled, later, again, await reset.show(token)]));
  }
  assert.is(new Set(seen).size, 1, seen.join('\n'));
});

test('asked once an attempt; a flooded colleague gets no more mail, and still sees who asks', async () => {
  const { world, reset, ask, asked, requests } = await office();
  const token = await ask('alice');
  world.clock.advance(11 * second);
  assert.is(await reset.choose(token, 'colleague'), 'chosen');
  await world.deferral.drain();
  assert.equal(asked(), ['bob']);
  for (let hit = 1; hit < limits.approvalMails.most; hit += 1)
    world.throttle.hit(limits.approvalMails, `a${world.people.bob.id}`, world.clock.now());
  await ask('alice', '198.51.100.7');
  assert.equal(asked(), ['bob']);
  assert.is(requests('bob').length, 2);
});

test.run();
