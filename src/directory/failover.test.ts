/** A provider and its read-only copies, real slapds, and what stands between: who is asked, who is written, and who is believed afterwards. */
// needs: slapd ldap-utils

import { createServer } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Account } from '../rules/account.ts';
import { isRefusal } from '../rules/refusal.ts';
import { hour, minute, second } from '../rules/time.ts';
import { eventually } from '../testing/eventually.ts';
import { type LdapProxy, startProxy } from '../testing/proxy.ts';
import { type Slapd, startSlapd } from '../testing/slapd.ts';
import { accountOf, configOf, dnOf, noLog, personLdif, realClock, timeAgo } from '../testing/slapd-bench.ts';
import { openWire, type Wire } from '../testing/wire.ts';
import type { Directory, Passwords, WriteOutcome } from '../world.ts';
import type { DirectoryConfig } from './config.ts';
import { openDirectory } from './directory.ts';
import type { AddressesOf } from './machines.ts';

const test = suite('several servers');
const oldPassword = 'Old-Passw0rd-of-all';
const newPassword = 'New-Passw0rd-of-all';
const patience = 2000;
const nothing = () => undefined;

let provider: Slapd;
/** Hears of the provider's writes over `wire`; says "shadow context" to a write. */
let copy: Slapd;
let wire: Wire;
/** The provider and the copy, as Latchkey reaches them. */
let master: LdapProxy;
let replica: LdapProxy;
let made = 0;
let shift = 0;
const clock = { ...realClock, now: () => Date.now() + shift };

test.before(async () => {
  provider = await startSlapd({ isProvider: true });
  wire = await openWire(provider.ldapPort);
  copy = await startSlapd({ copyOf: { port: wire.port } });
  master = await startProxy(provider.ldapPort, provider.certificate);
  replica = await startProxy(copy.ldapPort, provider.certificate);
  await replicated();
});
test.before.each(() => {
  shift = 0;
  wire.mend();
  master.heal();
  replica.heal();
});
test.after(async () => {
  await Promise.all([master, replica, wire].map((one) => one?.close()));
  await Promise.all([provider, copy].map((one) => one?.close()));
});

/** Waits until the copy has what was written last. */
async function replicated(): Promise<void> {
  const name = `Mark ${++made}`;
  await provider.add(personLdif(provider, { login: `mark${made}`, name, password: oldPassword }));
  await eventually('the copy does not hear of it', () =>
    copy.read(dnOf(copy, name)).then(
      (entry) => entry.size > 0,
      () => false,
    ),
  );
}

/** Whom both know, with an old password. */
async function someone(): Promise<Account> {
  const name = `Person ${++made}`;
  await provider.add(personLdif(provider, { login: `p${made}`, name, password: oldPassword }));
  await provider.force(`dn: ${dnOf(provider, name)}\nchangetype: modify\nreplace: pwdChangedTime\npwdChangedTime: ${timeAgo(hour)}\n\n`);
  await replicated();
  const entry = await provider.read(dnOf(provider, name));
  return accountOf({ home: 'office', remoteId: entry.get('entryUUID')?.[0] ?? '', login: `p${made}`, name });
}
const opens = (at: Slapd, account: Account, password: string) => at.opens(dnOf(at, account.name), password);
const isLocked = async (at: Slapd, account: Account) => (await at.read(dnOf(at, account.name))).has('pwdAccountLockedTime');
async function lock(account: Account): Promise<void> {
  for (let tries = 0; tries < 3; tries++) await provider.opens(dnOf(provider, account.name), 'a wrong one');
  await replicated();
}

async function opened(
  urls: readonly string[],
  check: (directory: Directory) => Promise<void>,
  { addressesOf, ...more }: Partial<DirectoryConfig> & { addressesOf?: AddressesOf } = {},
): Promise<void> {
  const config = configOf(provider, { urls, timeoutMillis: patience, ...more });
  const directory = openDirectory(config, { clock, log: noLog, ...(addressesOf ? { addressesOf } : {}) });
  try {
    await check(directory);
  } finally {
    await directory.close();
  }
}
async function serverOf(passwords: Passwords): Promise<string> {
  const status = await passwords.status();
  return isRefusal(status) ? `${status.key}: ${status.raw}` : status.server;
}
const said = (outcome: WriteOutcome) => (outcome.kind === 'refused' ? `${outcome.refusal.key}: ${outcome.refusal.raw}` : outcome.kind);

type Verb = (passwords: Passwords, before: Parameters<Passwords['set']>[1]) => Promise<WriteOutcome>;
const verbs: Readonly<Record<string, Verb>> = {
  reset: (passwords, before) => passwords.set(newPassword, before),
  'reset for one sign-in': (passwords, before) => passwords.setTemporary(newPassword, before),
  change: (passwords, before) => passwords.change({ current: oldPassword, password: newPassword }, before),
  unlock: (passwords, before) => passwords.unlock(before),
};

test('a copy that takes no writes refuses each verb, and the provider does it: proved where it was done', async () => {
  for (const [name, verb] of Object.entries(verbs)) {
    const account = await someone();
    if (name === 'unlock') await lock(account);
    await opened([replica.url, master.url], async (directory) => {
      const sent: string[] = [];
      const outcome = await verb(directory.passwords(account), ({ server }) => sent.push(server));
      assert.is(outcome.kind === 'done' && outcome.isProved, true, `${name}: ${said(outcome)}`);
      assert.equal(sent, [replica.url, master.url], `${name}: announced for each server that it goes to`);
      assert.is(outcome.kind === 'done' && outcome.server, master.url);
      if (name === 'unlock') assert.not.ok(await isLocked(provider, account));
      else assert.ok(await opens(provider, account, newPassword), name);
      const before = replica.seen.length;
      assert.is(await serverOf(directory.passwords(await someone())), master.url, 'it is asked last from then on');
      assert.is(replica.seen.length, before);
    });
  }
});

test('where nobody takes writes, nothing is done, the person is told so, and reading goes on', async () => {
  const account = await someone();
  await opened([replica.url], async (directory) => {
    const passwords = directory.passwords(account);
    for (const verb of Object.values(verbs)) {
      const outcome = await verb(passwords, nothing);
      assert.match(said(outcome), /^directory\.unreachable: .*: 53 shadow context; no update referral$/);
    }
    assert.ok(await opens(provider, account, oldPassword));
    assert.is(await serverOf(passwords), replica.url);
    assert.equal(await passwords.verify(oldPassword), { mustChange: false, isExpired: false });
    assert.ok(directory.health().isUsable);
  });
});

test('a referral is no address: what nobody configured is never asked, and the next configured server is', async () => {
  let visits = 0;
  const lure = createServer((socket) => {
    visits++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => lure.listen(0, '127.0.0.1', resolve));
  const { port } = lure.address() as { port: number };
  const referral = ['ldap', 'ldaps'].map((scheme) => `${scheme}://127.0.0.1:${port}/`);
  const referring = await startSlapd({ copyOf: { port: provider.ldapPort, refersTo: referral[0] ?? '' } });
  const account = await someone();
  try {
    await opened(
      [replica.url, referring.ldaps],
      async (directory) => {
        assert.match(said(await directory.passwords(account).set(newPassword, nothing)), /^directory\.unreachable: /);
      },
      { ca: `${provider.ca}\n${referring.ca}` },
    );
    await opened(
      [referring.ldaps, master.url],
      async (directory) => {
        assert.is((await directory.passwords(account).set(newPassword, nothing)).kind, 'done');
      },
      { ca: `${provider.ca}\n${referring.ca}` },
    );
    // As a read-only domain controller says it, and a server that holds another part of the tree.
    for (const kind of ['bind', 'search', 'modify', 'extended'] as const) {
      replica.heal();
      replica.refuse([kind], { code: 10, text: '0000202B: RefErr: DSID-0310082F, data 0, 1 access points', referral });
      const other = await someone();
      await opened([replica.url, master.url], async (directory) => {
        assert.is((await directory.passwords(other).set(newPassword, nothing)).kind, 'done', kind);
        assert.is((await directory.passwords(other).unlock(nothing)).kind, 'done', kind);
      });
    }
    assert.is(visits, 0);
  } finally {
    await referring.close();
    await new Promise((resolve) => lure.close(resolve));
  }
});

test('a copy that has not heard yet is not believed about whom was just written, for hours; about others it is', async () => {
  const [account, other] = [await someone(), await someone()];
  await lock(account);
  wire.cut();
  await opened([replica.url, master.url], async (directory) => {
    const passwords = directory.passwords(account);
    const outcome = await passwords.set(newPassword, nothing);
    assert.ok(outcome.kind === 'done' && outcome.isProved);
    shift = 11 * minute;
    assert.is(await serverOf(directory.passwords(other)), replica.url, 'that it takes no writes has been forgotten');
    const status = await passwords.status();
    assert.ok(!isRefusal(status) && status.server === master.url && status.lock === 'none');
    assert.equal(await passwords.verify(newPassword), { mustChange: false, isExpired: false });
    const failed = (await copy.read(dnOf(copy, account.name))).get('pwdFailureTime')?.length;
    assert.is(failed, 3, 'no failure was added at the copy by asking it for the new password');
    const entry = await directory.read(account.remoteId ?? '');
    assert.ok(entry && !isRefusal(entry));

    shift = 4 * hour;
    const late = await passwords.status();
    assert.ok(!isRefusal(late) && late.server === replica.url && late.lock === 'none', 'forgotten, and the lock has run out by then');
    assert.ok(!isRefusal(status) && !isRefusal(late) && late.marker !== status.marker);
  });
});

test('when the one that was written is away, the others are asked, and it again as soon as it answers', async () => {
  const account = await someone();
  wire.cut();
  await opened([master.url, replica.url], async (directory) => {
    const passwords = directory.passwords(account);
    assert.is((await passwords.set(newPassword, nothing)).kind, 'done');
    master.behave('hang');
    assert.is(await serverOf(passwords), replica.url);
    master.heal();
    assert.is(await serverOf(passwords), replica.url, 'not for half a minute');
    shift += 31 * second;
    assert.is(await serverOf(passwords), master.url);
  });
});

test('a write whose answer was lost is remembered with the server that may have done it', async () => {
  const account = await someone();
  wire.cut();
  await opened([replica.url, master.url], async (directory) => {
    const passwords = directory.passwords(account);
    const sent: (string | null)[] = [];
    const before = ({ server, marker }: { server: string; marker: string | null }) => sent.push(server, marker);
    master.spoil('extended', 'silent after');
    const outcome = await passwords.set(newPassword, before);
    assert.is(outcome.kind === 'unknown' && outcome.server, master.url);
    shift = 11 * minute;
    assert.is(await serverOf(passwords), master.url);
    assert.is(await passwords.outcome({ act: 'reset', server: master.url, marker: sent[3] ?? null }), 'done');
    assert.is(await passwords.outcome({ act: 'reset', server: replica.url, marker: sent[1] ?? null }), 'not done', 'each for itself');
  });
});

test('what became of a write is asked of its own server for a day; of one that is gone for good, then, the others know', async () => {
  const account = await someone();
  await opened([master.url, replica.url], async (directory) => {
    const passwords = directory.passwords(account);
    let marker: string | null = null;
    const sentAt = clock.now();
    await passwords.set(newPassword, (sent) => {
      marker = sent.marker;
    });
    await replicated();
    master.behave('refuse');
    for (const server of [master.url, 'ldaps://192.0.2.1']) {
      const write = { act: 'reset', server, marker, sentAt } as const;
      shift = 23 * hour;
      assert.ok(isRefusal(await passwords.outcome(write)), server);
      shift = 25 * hour;
      assert.is(await passwords.outcome(write), 'done', server);
    }
  });
});

test('"busy" and "unavailable" are no answers: another server does what they are said to', async () => {
  for (const code of [51, 52]) {
    for (const kind of ['bind', 'search', 'extended'] as const) {
      const account = await someone();
      replica.heal();
      replica.refuse([kind], { code });
      await opened([replica.url, master.url], async (directory) => {
        const outcome = await directory.passwords(account).change({ current: oldPassword, password: newPassword }, nothing);
        assert.is(outcome.kind === 'done' && outcome.server, master.url, `${code} to ${kind}: ${said(outcome)}`);
      });
    }
  }
});

test("a search that fails by the server's own trouble is asked elsewhere; one that is forbidden is not", async () => {
  const account = await someone();
  for (const [code, isElsewhere] of [
    [1, true],
    [3, true],
    [80, true],
    [50, false],
  ] as const) {
    await opened([replica.url, master.url], async (directory) => {
      const passwords = directory.passwords(account);
      assert.is(await serverOf(passwords), replica.url);
      replica.refuse(['search'], { code });
      const server = await serverOf(passwords);
      assert.is(server === master.url, isElsewhere, `${code}: ${server}`);
      replica.heal();
    });
  }
});

test('a slow server does not use up the time of the next, and alone it gets an honest end', async () => {
  const account = await someone();
  await opened([master.url, replica.url], async (directory) => {
    master.delay(0.8 * patience);
    const started = Date.now();
    assert.is(await serverOf(directory.passwords(account)), replica.url);
    assert.ok(Date.now() - started < 3.5 * patience, `${Date.now() - started} ms`);
    const again = Date.now();
    assert.is(await serverOf(directory.passwords(account)), replica.url);
    assert.ok(Date.now() - again < patience, 'and it is asked last from then on');
  });
  await opened([master.url], async (directory) => {
    master.heal();
    master.delay(0.8 * patience);
    const started = Date.now();
    const outcome = await directory.passwords(account).set(newPassword, () => assert.unreachable('nothing was sent'));
    assert.match(said(outcome), new RegExp(`^directory\\.unreachable: .*not done within ${3 * patience} ms altogether$`));
    assert.ok(Date.now() - started < 4 * patience);
    assert.ok(await opens(provider, account, oldPassword));
  });
});

test('many dead servers before the good one: refusals cost nothing, and nobody waits for more than three that hang', async () => {
  const account = await someone();
  const hanging = await Promise.all(Array.from({ length: 5 }, () => startProxy(provider.ldapPort, provider.certificate)));
  try {
    for (const proxy of hanging) proxy.behave('reset');
    await opened([...hanging.map(({ url }) => url), master.url], async (directory) => {
      assert.is(await serverOf(directory.passwords(account)), master.url);
    });
    for (const proxy of hanging) proxy.behave('hang');
    await opened([...hanging.map(({ url }) => url), master.url], async (directory) => {
      const started = Date.now();
      assert.match(await serverOf(directory.passwords(account)), /^directory\.unreachable/);
      assert.ok(Date.now() - started < 4 * patience);
      assert.is(await serverOf(directory.passwords(account)), master.url, 'those that hung come last now');
    });
  } finally {
    await Promise.all(hanging.map((proxy) => proxy.close()));
  }
});

test('a connection that died while idle, by a reset or without a word, is not the answer of its server', async () => {
  const account = await someone();
  await opened([master.url, replica.url], async (directory) => {
    const passwords = directory.passwords(account);
    assert.is(await serverOf(passwords), master.url);
    master.behave('reset');
    master.behave('serve');
    assert.is(await serverOf(passwords), master.url);
    // Something between has forgotten the connection: it takes what is sent, and nobody hears it.
    master.spoil('search', 'silent before');
    assert.is(await serverOf(passwords), master.url);
    assert.equal(replica.seen, []);
    master.behave('reset');
    assert.is(await serverOf(passwords), replica.url);
  });
});

test('a server that keeps failing is tried less and less often, and a clock that jumps shuts nobody out', async () => {
  const account = await someone();
  await opened([master.url, replica.url], async (directory) => {
    const passwords = directory.passwords(account);
    master.behave('reset');
    for (shift = 0; shift < 20 * minute; shift += 10 * second) assert.is(await serverOf(passwords), replica.url);
    assert.is(master.knocks, 6, 'after 0, 30, 60, 120, 240 and 480 s more, and the next one after 600');
    master.heal();
    assert.is(await serverOf(passwords), replica.url, 'by now it is asked last for minutes');
    shift -= 24 * hour;
    assert.is(await serverOf(passwords), master.url, 'what lies in the future by the new clock, is forgotten');
  });
});

test("a service account's password that one server has not heard of yet counts there alone", async () => {
  const account = await someone();
  wire.cut();
  await provider.modify(`dn: ${provider.serviceDn}\nchangetype: modify\nreplace: userPassword\nuserPassword: Another-Passw0rd!\n\n`);
  try {
    await opened(
      [replica.url, master.url],
      async (directory) => {
        assert.is(await serverOf(directory.passwords(account)), master.url);
        const { length } = replica.seen;
        assert.is(await serverOf(directory.passwords(account)), master.url);
        assert.is(replica.seen.length, length, 'not tried again at once: each try may count');
        shift = -hour;
        wire.mend();
        for (let tries = 0; tries < 100 && (await serverOf(directory.passwords(account))) !== replica.url; tries++) {
          await realClock.sleep(100);
          shift -= hour;
        }
        assert.is(await serverOf(directory.passwords(account)), replica.url, 'a clock put back does not keep it out');
      },
      { bindPassword: 'Another-Passw0rd!' },
    );
  } finally {
    await provider.modify(
      `dn: ${provider.serviceDn}\nchangetype: modify\nreplace: userPassword\nuserPassword: ${provider.servicePassword}\n\n`,
    );
    wire.mend();
    await replicated();
  }
});

test.run();
