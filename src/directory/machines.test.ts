/** A name that leads to several machines, as a domain's own name does: each is known by itself, and what was written to one is looked for there. */
// alone
// needs: slapd ldap-utils

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRefusal } from '../rules/refusal.ts';
import { hour, minute } from '../rules/time.ts';
import { type LdapProxy, startProxy } from '../testing/proxy.ts';
import { type Slapd, startSlapd } from '../testing/slapd.ts';
import { accountOf, configOf, dnOf, noLog, personLdif, realClock, timeAgo } from '../testing/slapd-bench.ts';
import type { Directory, Passwords } from '../world.ts';
import { openDirectory } from './directory.ts';
import { type AddressesOf, machinesAt } from './machines.ts';
import { rememberWritten } from './written.ts';

const test = suite('a name of several machines');
const name = 'ldap.latchkey.test';
const [oldPassword, newPassword] = ['Old-Passw0rd-of-all', 'New-Passw0rd-of-all'];
const patience = 1000;
let slapd: Slapd;
let one: LdapProxy;
let two: LdapProxy;
let url: string;
let made = 0;
let shift = 0;
const clock = { ...realClock, now: () => Date.now() + shift };

test.before(async () => {
  slapd = await startSlapd();
  one = await startProxy(slapd.ldapPort, slapd.certificate);
  const port = Number(new URL(one.url).port);
  two = await startProxy(slapd.ldapPort, slapd.certificate, { host: '127.0.0.2', port });
  url = `ldaps://${name}:${port}`;
});
test.before.each(() => {
  shift = 0;
  one.heal();
  two.heal();
});
test.after(async () => {
  await Promise.all([one, two, slapd].map((each) => each?.close()));
});

async function someone() {
  const [login, person] = [`p${++made}`, `P ${made}`];
  await slapd.add(personLdif(slapd, { login, name: person, password: oldPassword }));
  await slapd.force(`dn: ${dnOf(slapd, person)}\nchangetype: modify\nreplace: pwdChangedTime\npwdChangedTime: ${timeAgo(hour)}\n\n`);
  const entry = await slapd.read(dnOf(slapd, person));
  return accountOf({ home: 'office', remoteId: entry.get('entryUUID')?.[0] ?? '', login, name: person });
}
async function opened(addressesOf: AddressesOf, check: (directory: Directory) => Promise<void>): Promise<void> {
  const directory = openDirectory(configOf(slapd, { urls: [url], timeoutMillis: patience }), { clock, log: noLog, addressesOf });
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
const both: AddressesOf = async () => ['127.0.0.1', '127.0.0.2'];

test('one that refuses, resets or hangs is passed over for the next, under the same name and certificate', async () => {
  for (const how of ['refuse', 'reset', 'hang'] as const) {
    one.heal();
    one.behave(how);
    const account = await someone();
    await opened(both, async (directory) => {
      const started = Date.now();
      assert.is(await serverOf(directory.passwords(account)), `${url} 127.0.0.2`, how);
      assert.ok(Date.now() - started < 2 * patience, how);
    });
  }
});

test('a password is proved at the machine that got it, and later asked of it, however the names turn', async () => {
  let turn: readonly string[] = ['127.0.0.1', '127.0.0.2'];
  const account = await someone();
  await opened(
    async () => turn,
    async (directory) => {
      const passwords = directory.passwords(account);
      const before = await passwords.status();
      const outcome = await passwords.set(newPassword, () => {
        turn = ['127.0.0.2', '127.0.0.1'];
      });
      assert.ok(outcome.kind === 'done' && outcome.isProved && outcome.server === `${url} 127.0.0.1`);
      assert.equal(two.seen, []);
      shift = 2 * minute;
      await directory.probe(); // lets the name be looked up again
      assert.is(await serverOf(directory.passwords(await someone())), `${url} 127.0.0.2`);
      assert.is(await serverOf(passwords), `${url} 127.0.0.1`);
      two.heal();
      const marker = isRefusal(before) ? null : before.marker;
      assert.is(await passwords.outcome({ act: 'reset', server: `${url} 127.0.0.1`, marker }), 'done');
      assert.equal(two.seen, [], 'that very machine was asked');
      const elsewhere = await passwords.outcome({ act: 'reset', server: 'ldaps://elsewhere.test 127.0.0.1', marker });
      assert.ok(isRefusal(elsewhere), 'what is not configured is never asked');
    },
  );
});

test('a name service that falls silent takes nothing away and keeps nobody waiting, and one that moves a machine is heard soon', async () => {
  let answer: AddressesOf = both;
  let asked = 0;
  const account = await someone();
  await opened(
    (host) => {
      asked += 1;
      return answer(host);
    },
    async (directory) => {
      const passwords = directory.passwords(account);
      assert.is(await serverOf(passwords), `${url} 127.0.0.1`);
      let speak: (error: Error) => void = () => undefined;
      for (const silence of [
        () => Promise.reject(new Error('queryA ETIMEOUT')),
        () => new Promise<never>((_resolve, reject) => (speak = reject)),
      ]) {
        [answer, asked] = [silence, 0];
        shift += 2 * minute;
        const started = Date.now();
        const all = await Promise.all(Array.from({ length: 20 }, () => serverOf(passwords)));
        assert.equal([...new Set(all)], [`${url} 127.0.0.1`]);
        assert.ok(Date.now() - started < patience);
        assert.is(asked, 1, 'a name server that hangs would hold a thread for each');
      }
      speak(new Error('queryA ETIMEOUT'));
      await realClock.sleep(10);
      answer = async () => ['127.0.0.2'];
      shift += 2 * minute;
      await passwords.status();
      assert.is(await serverOf(passwords), `${url} 127.0.0.2`);
    },
  );
});

test('a name that leads nowhere says so, at once after the first time, and is tried again', async () => {
  const account = await someone();
  let answer: AddressesOf = () => new Promise<never>(() => undefined);
  await opened(
    (host) => answer(host),
    async (directory) => {
      assert.match(
        await serverOf(directory.passwords(account)),
        new RegExp(`^directory\\.unreachable: .*${name} was not found within ${patience} ms`),
      );
    },
  );
  answer = () => Promise.reject(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }));
  await opened(
    (host) => answer(host),
    async (directory) => {
      const passwords = directory.passwords(account);
      assert.match(await serverOf(passwords), /^directory\.unreachable: .*ENOTFOUND/);
      answer = async () => ['127.0.0.1'];
      assert.match(await serverOf(passwords), /ENOTFOUND/);
      shift += 6000;
      assert.is(await serverOf(passwords), `${url} 127.0.0.1`);
    },
  );
});

test('a machine behind the name whose certificate is for another name hears nothing', async () => {
  const certificate = await slapd.authority.issue({ names: [{ type: 'ip', value: '127.0.0.3' }] });
  const other = await startProxy(slapd.ldapPort, certificate, { host: '127.0.0.3', port: Number(new URL(url).port) });
  const account = await someone();
  try {
    await opened(
      async () => ['127.0.0.3'],
      async (directory) => {
        assert.match(await serverOf(directory.passwords(account)), /^directory\.no-tls: .*ERR_TLS_CERT_ALTNAME_INVALID/);
        assert.equal(other.seen, []);
      },
    );
    await opened(
      async () => ['127.0.0.3', '127.0.0.1'],
      async (directory) => assert.is(await serverOf(directory.passwords(account)), `${url} 127.0.0.1`),
    );
  } finally {
    await other.close();
  }
});

test('addresses are themselves, IPv6 too', async () => {
  const at = (urls: readonly string[]) =>
    machinesAt(urls, { clock, timeoutMillis: 100, addressesOf: () => Promise.reject(new Error('not asked')) });
  for (const itself of ['ldaps://192.0.2.1', 'ldaps://[2001:db8::1]:3636']) {
    const machines = at([itself]);
    assert.equal(await machines.all(), [{ server: itself, url: itself, address: null, trouble: null }]);
    assert.is(machines.named(itself)?.server, itself);
  }
  const v6 = at(['ldaps://dc.test']).named('ldaps://dc.test 2001:db8::1');
  assert.is(v6?.address, '2001:db8::1');
});

test('who was written where is kept for hours, for a bounded number of people, and not across a clock put back', () => {
  const written = rememberWritten(clock);
  written.note('a', 'one');
  assert.is(written.serverOf('a'), 'one');
  assert.is(written.serverOf('b'), null);
  written.note('a', 'two');
  assert.is(written.serverOf('a'), 'two');
  shift = 2 * hour;
  assert.is(written.serverOf('a'), 'two');
  shift = 4 * hour;
  assert.is(written.serverOf('a'), null);
  written.note('a', 'one');
  shift = hour;
  assert.is(written.serverOf('a'), null);
  written.note('first', 'one');
  for (let person = 0; person < 4999; person++) written.note(`${person}`, 'one');
  assert.is(written.serverOf('first'), 'one');
  written.note('one more', 'one');
  assert.is(written.serverOf('first'), null);
  assert.is(written.serverOf('one more'), 'one');
});

test.run();
