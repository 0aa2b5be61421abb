/** What becomes of a reset, a change and an unlock when the directory fails at any of their steps: never a lie about which password is in force. */
// needs: slapd ldap-utils

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Account } from '../rules/account.ts';
import { isRefusal } from '../rules/refusal.ts';
import { type Fate, fates, type LdapProxy, startProxy } from '../testing/proxy.ts';
import { type Slapd, startSlapd } from '../testing/slapd.ts';
import { accountOf, configOf, dnOf, noLog, personLdif, realClock, timeAgo } from '../testing/slapd-bench.ts';
import type { Directory, Passwords, WriteOutcome } from '../world.ts';
import { openDirectory } from './directory.ts';

const test = suite('a directory that fails');
const oldPassword = 'Old-Passw0rd-of-all';
const newPassword = 'New-Passw0rd-of-all';
const patience = 2000;
let slapd: Slapd;
const people: Account[] = [];

/** Made in one go, by two runs of a tool: each case of the tests below takes one. */
test.before(async () => {
  slapd = await startSlapd();
  const names = Array.from({ length: 320 }, (_, index) => `Faulty ${index}`);
  await slapd.add(names.map((name) => personLdif(slapd, { login: name.replace(' ', ''), name, password: oldPassword })).join(''));
  const aged = `replace: pwdChangedTime\npwdChangedTime: ${timeAgo(86_400_000)}`;
  await slapd.force(names.map((name) => `dn: ${dnOf(slapd, name)}\nchangetype: modify\n${aged}\n\n`).join(''));
  const directory = openDirectory(configOf(slapd), { clock: realClock, log: noLog });
  for await (const page of directory.people()) people.push(...page.map((entry) => accountOf({ ...entry, home: 'office' })));
  await directory.close();
});
test.after(() => slapd?.close());

function someone(): Account {
  const account = people.pop();
  if (!account) throw new Error('make more people');
  return account;
}
const opens = (account: Account, password: string) => slapd.opens(dnOf(slapd, account.name), password);
const isLocked = async (account: Account) => (await slapd.read(dnOf(slapd, account.name))).has('pwdAccountLockedTime');
const lock = (account: Account) =>
  slapd.force(
    `dn: ${dnOf(slapd, account.name)}\nchangetype: modify\nreplace: pwdAccountLockedTime\npwdAccountLockedTime: ${timeAgo(60_000)}\n\n`,
  );

/** A directory behind one or more proxies, and all of it closed afterwards. */
async function behind(count: number, check: (directory: Directory, proxies: readonly LdapProxy[]) => Promise<void>): Promise<void> {
  const proxies = await Promise.all(Array.from({ length: count }, () => startProxy(slapd.ldapPort, slapd.certificate)));
  const directory = openDirectory(configOf(slapd, { urls: proxies.map(({ url }) => url), timeoutMillis: patience, pageSize: 100 }), {
    clock: realClock,
    log: noLog,
  });
  try {
    await check(directory, proxies);
  } finally {
    await directory.close();
    await Promise.all(proxies.map((proxy) => proxy.close()));
  }
}

interface Act {
  readonly name: 'reset' | 'change' | 'unlock';
  /** The request that changes something. */
  readonly request: 'extended' | 'modify';
  run(passwords: Passwords, beforeSending: Parameters<Passwords['set']>[1]): Promise<WriteOutcome>;
  /** What is true in the directory itself. */
  isDone(account: Account): Promise<boolean>;
}
const acts: readonly Act[] = [
  {
    name: 'reset',
    request: 'extended',
    run: (passwords, before) => passwords.set(newPassword, before),
    isDone: (account) => opens(account, newPassword),
  },
  {
    name: 'change',
    request: 'extended',
    run: (passwords, before) => passwords.change({ current: oldPassword, password: newPassword }, before),
    isDone: (account) => opens(account, newPassword),
  },
  {
    name: 'unlock',
    request: 'modify',
    run: (passwords, before) => passwords.unlock(before),
    isDone: async (account) => !(await isLocked(account)),
  },
];

/** Some at a time, so that two cores do not make deadlines of their own. */
async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += 6) await Promise.all(items.slice(at, at + 6).map(work));
}

async function stepsOf(act: Act): Promise<number> {
  let steps = 0;
  await behind(1, async (directory, [proxy]) => {
    const account = someone();
    if (act.name === 'unlock') await lock(account);
    const outcome = await act.run(directory.passwords(account), () => undefined);
    assert.is(outcome.kind, 'done');
    steps = proxy?.seen.filter((request) => request !== 'unbind').length ?? 0;
  });
  return steps;
}

/** Whatever went wrong, the answer and the directory agree, or the answer says that it does not know and finds out later. */
async function tellsTheTruth(act: Act, at: number, fate: Fate): Promise<void> {
  const what = `${act.name}, ${fate} of request ${at}`;
  const account = someone();
  if (act.name === 'unlock') await lock(account);
  await behind(1, async (directory, [proxy]) => {
    if (!proxy) return;
    proxy.spoil(at, fate);
    const sent: { server: string; marker: string | null }[] = [];
    const started = Date.now();
    const passwords = directory.passwords(account);
    const outcome = await act.run(passwords, (request) => sent.push(request));
    assert.ok(Date.now() - started < 4 * patience, `${what}: took ${Date.now() - started} ms`);
    assert.ok(sent.length <= 1, `${what}: announced once`);
    assert.ok(proxy.seen.filter((request) => request === act.request).length <= 2, `${what}: sent once`);

    const isDone = await act.isDone(account);
    if (outcome.kind === 'refused') {
      assert.is(outcome.refusal.key, 'directory.unreachable', what);
      assert.is(sent.length, 0, `${what}: refused, so nothing was sent`);
    }
    if (outcome.kind !== 'unknown') {
      assert.is(isDone, outcome.kind === 'done', `${what}: ${outcome.kind}`);
      return;
    }
    assert.is(sent.length, 1, what);
    assert.is(outcome.server, proxy.url);
    proxy.heal();
    const settled = await passwords.outcome({ act: act.name, server: outcome.server, marker: sent[0]?.marker ?? null });
    assert.is(settled, isDone ? 'done' : 'not done', `${what}: settled`);
  });
}

for (const act of acts) {
  test(`at every step of ${act.name}: refused, done, or unknown and settled later`, async () => {
    const steps = await stepsOf(act);
    assert.ok(steps >= 5, `${steps} steps`);
    const cases = Array.from({ length: steps }, (_, at) => fates.map((fate) => ({ at, fate }))).flat();
    await inBatches(cases, ({ at, fate }) => tellsTheTruth(act, at, fate));
  });

  test(`${act.name}: goes to the second server before sending, and nowhere after`, async () => {
    const steps = await stepsOf(act);
    const cases = Array.from({ length: steps }, (_, at) => (['cut before', 'silent after'] as const).map((fate) => ({ at, fate }))).flat();
    await inBatches(cases, async ({ at, fate }) => {
      const what = `${act.name}, ${fate} of request ${at}`;
      const account = someone();
      if (act.name === 'unlock') await lock(account);
      await behind(2, async (directory, [one, two]) => {
        if (!one || !two) return;
        one.spoil(at, fate);
        const sent: string[] = [];
        const outcome = await act.run(directory.passwords(account), ({ server }) => sent.push(server));
        const isWrite = one.seen[at] === act.request && sent[0] === one.url;
        if (isWrite) {
          assert.is(outcome.kind, 'unknown', what);
          assert.is(two.seen.length, 0, `${what}: no second try`);
        } else if (act.name === 'change' && one.seen[at] === 'bind' && sent.length === 0 && outcome.kind === 'refused') {
          assert.is(two.seen.length, 0, `${what}: a sign-in is not tried twice, it may have counted`);
        } else {
          assert.is(outcome.kind, 'done', what);
          assert.is(sent.length, 1, what);
        }
        if (outcome.kind === 'done') assert.ok(await act.isDone(account), what);
        if (outcome.kind === 'refused') assert.not.ok(await act.isDone(account), what);
      });
    });
  });
}

test('a first address that is dead, refusing or hanging: the second answers, and is asked first from then on', async () => {
  for (const how of ['refuse', 'hang', 'dead'] as const) {
    const account = someone();
    await behind(2, async (directory, [one, two]) => {
      if (!one || !two) return;
      if (how === 'dead') await one.close();
      else one.behave(how);
      const started = Date.now();
      const status = await directory.passwords(account).status();
      assert.ok(!isRefusal(status) && status.server === two.url, how);
      assert.ok(Date.now() - started < 2 * patience, how);
      assert.ok(directory.health().isReachable);
      const again = Date.now();
      assert.not.ok(isRefusal(await directory.passwords(account).verify(oldPassword)));
      assert.ok(Date.now() - again < patience, `${how}: the bad address is remembered`);
    });
  }
});

test("a person's bind that is not answered is not tried at another server: it may have counted as a failure", async () => {
  for (const fate of ['cut before', 'silent after'] as const) {
    for (const act of ['verify', 'change'] as const) {
      const account = someone();
      await behind(2, async (directory, [one, two]) => {
        if (!one || !two) return;
        const passwords = directory.passwords(account);
        const run = async () => {
          if (act === 'verify') return passwords.verify('a wrong one');
          const outcome = await passwords.change({ current: 'a wrong one', password: newPassword }, () => undefined);
          return outcome.kind === 'refused' ? outcome.refusal : outcome;
        };
        await run();
        one.heal();
        // The second time no root entry is read: from here on every run is the same.
        await run();
        const binds = one.seen.flatMap((request, at) => (request === 'bind' ? [at] : []));
        assert.is(binds.length, 2, 'the service account and the person');
        one.heal();
        one.spoil(binds[1] ?? 0, fate);
        const answer = await run();
        assert.ok(isRefusal(answer) && answer.key === 'directory.unreachable', `${act}, ${fate}`);
        assert.equal(two.seen, [], `${act}, ${fate}`);
      });
    }
  }
});

test('a directory that is wholly away: every verb says so in time, and recovers', async () => {
  const account = someone();
  await behind(1, async (directory, [proxy]) => {
    if (!proxy) return;
    const passwords = directory.passwords(account);
    const verbs: readonly (() => Promise<unknown>)[] = [
      () => directory.find(account.login),
      () => directory.read(account.remoteId ?? ''),
      () => passwords.status(),
      () => passwords.verify(oldPassword),
      async () => {
        const outcome = await passwords.set(newPassword, () => assert.unreachable('nothing can be sent'));
        return outcome.kind === 'refused' ? outcome.refusal : outcome;
      },
      () => passwords.outcome({ act: 'reset', server: proxy.url, marker: null }),
      async () => {
        for await (const page of directory.people()) assert.unreachable(`${page.length} people`);
      },
    ];
    for (const how of ['refuse', 'hang'] as const) {
      proxy.behave(how);
      for (const [index, verb] of verbs.entries()) {
        const started = Date.now();
        const answer = await verb().catch((error: unknown) => error);
        assert.ok(isRefusal(answer) && answer.key === 'directory.unreachable', `${how}, verb ${index}: ${JSON.stringify(answer)}`);
        assert.ok(Date.now() - started < 3 * patience, `${how}, verb ${index}`);
      }
      const health = await directory.probe();
      assert.equal([health.isReachable, health.problem?.key], [false, 'directory.unreachable']);
      proxy.heal();
      assert.not.ok(isRefusal(await passwords.status()), `${how}: recovered`);
      assert.ok(directory.health().isReachable);
    }
  });
});

test('a reading of all people that breaks off is no reading', async () => {
  await behind(1, async (directory, [proxy]) => {
    if (!proxy) return;
    for await (const page of directory.people()) assert.ok(page);
    const steps = proxy.seen.length;
    assert.ok(steps >= 5);
    for (let at = 0; at < steps - 1; at++) {
      for (const fate of ['cut before', 'silent after', 'cut within'] as const) {
        proxy.heal();
        proxy.spoil(at, fate);
        let thrown: unknown = null;
        try {
          for await (const page of directory.people()) assert.ok(page);
        } catch (error) {
          thrown = error;
        }
        assert.ok(isRefusal(thrown) && thrown.key === 'directory.unreachable', `${fate} of request ${at}`);
      }
    }
  });
});

test('slapd frozen by SIGSTOP, killed, and started again', async () => {
  const account = someone();
  const directory = openDirectory(configOf(slapd, { timeoutMillis: patience }), { clock: realClock, log: noLog });
  const passwords = directory.passwords(account);
  try {
    assert.not.ok(isRefusal(await passwords.status()));
    slapd.freeze();
    for (const answer of [await passwords.status(), await passwords.verify(oldPassword)]) {
      assert.ok(isRefusal(answer) && answer.key === 'directory.unreachable');
    }
    slapd.thaw();
    assert.not.ok(isRefusal(await passwords.status()));
    await slapd.kill();
    const killed = await passwords.status();
    assert.ok(isRefusal(killed) && killed.key === 'directory.unreachable');
    await slapd.start();
    assert.not.ok(isRefusal(await passwords.status()), 'an idle connection that died is not the answer');
    await slapd.kill();
    await slapd.start();
    assert.not.ok(isRefusal(await passwords.status()));
    assert.is((await passwords.set(newPassword, () => undefined)).kind, 'done');
  } finally {
    await directory.close();
  }
});

test.run();
