/** What Active Directory's words mean, told from recorded answers: no server is asked. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { noDirectoryRules } from '../rules/password.ts';
import { isRefusal } from '../rules/refusal.ts';
import { activeDirectory } from './active-directory.ts';
import { domainOf } from './active-directory-state.ts';
import type { State } from './dialect.ts';
import { dialectOf } from './dialects.ts';
import type { Entry, Link, Search } from './ldap.ts';
import { openPasswords } from './passwords.ts';
import { allValues } from './ranges.ts';
import { recordedAnswers } from './recorded-answers.ts';
import { passwordVersion } from './replication.ts';

const answer = (resultCode: number, diagnosticMessage: string) => ({ resultCode, diagnosticMessage, controls: [], value: null });
/** As Windows ends it: the recorded ones with a NUL alone (`recorded-answers.ts`); Samba's end with nothing. */
const bindText = (data: string, end = '\0') =>
  `80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data ${data}, v4563${end}`;
const verdict = (resultCode: number, text: string) => {
  const told = activeDirectory.verdict(answer(resultCode, text));
  return isRefusal(told) ? told.key : told;
};

function entryOf(values: Readonly<Record<string, readonly (string | Buffer)[]>>): Entry {
  const of = (name: string) => Object.entries(values).find(([own]) => own.toLowerCase() === name.toLowerCase())?.[1] ?? [];
  return {
    dn: 'CN=group',
    names: Object.keys(values),
    text: (name) => of(name)[0]?.toString() ?? null,
    texts: (name) => of(name).map(String),
    allBytes: (name) => of(name).map((value) => Buffer.from(value as string)),
    bytes: (name) => (of(name)[0] === undefined ? null : Buffer.from(of(name)[0] as string)),
  };
}

test('which code proves the password, and which does not', () => {
  const well = { mustChange: false, isExpired: false };
  assert.equal(verdict(0, ''), well);
  for (const data of ['530', '531']) assert.equal(verdict(49, bindText(data)), well, data);
  assert.equal(verdict(49, bindText('773')), { mustChange: true, isExpired: false });
  assert.equal(verdict(49, bindText('532')), { mustChange: false, isExpired: true });
  for (const data of ['52f', '569']) assert.is(verdict(49, bindText(data)), 'directory.not-now', `${data}: neither proved nor wrong`);
  for (const data of ['52e', '525', '0', '568']) assert.is(verdict(49, bindText(data)), 'directory.wrong-old-password', data);
  for (const data of ['533', '701']) assert.is(verdict(49, bindText(data)), 'directory.disabled', data);
  assert.is(verdict(49, bindText('775')), 'directory.locked');
  for (const end of ['', '\n\0', '\n', '\0\0']) {
    assert.equal(verdict(49, bindText('773', end)), { mustChange: true, isExpired: false }, JSON.stringify(end));
    assert.is(verdict(49, bindText('701', end)), 'directory.disabled');
  }
});

test('every recorded answer to a bind is read alike, with the very end that it has', () => {
  const right = recordedAnswers.filter(({ says, code }) => code === 49 && / data (530|531|532|773), v/.test(says));
  assert.ok(right.length >= 5 && right.some(({ says }) => says.endsWith('\0')) && right.some(({ says }) => !says.endsWith('\0')));
  for (const { says } of right) assert.is(typeof verdict(49, says), 'object', JSON.stringify(says));
});

test('nothing but the very words proves anything', () => {
  for (const text of [
    '',
    'data 532',
    `x ${bindText('532')}`,
    bindText('532x'),
    bindText('5320'),
    bindText('0532'),
    bindText('532', ' x'),
    bindText('532', '\nx'),
    bindText('532', '\0x'),
    'AcceptSecurityContext error, data 773, v1db1',
  ])
    assert.is(typeof verdict(49, text), 'string', text);
  for (const code of [1, 8, 10, 19, 50, 51, 52, 53, 80, 4096, -1])
    for (const data of ['530', '532', '773']) assert.is(typeof verdict(code, bindText(data)), 'string', `${code}`);
});

test('a dialect is found by what a server says of itself, and none by what it hides', () => {
  const capable = { supportedCapabilities: ['1.2.840.113556.1.4.1670', '1.2.840.113556.1.4.800'] };
  assert.is(dialectOf(entryOf(capable)).kind, 'active-directory');
  assert.is(dialectOf(entryOf({ ...capable, vendorName: ['Samba Team (https://www.samba.org)'] })).kind, 'samba');
  assert.is(dialectOf(entryOf({ vendorName: ['Samba Team'] })).kind, 'openldap');
  assert.is(dialectOf(null).kind, 'openldap');
});

test('the name of the domain is in every name', () => {
  assert.is(domainOf('CN=Doe\\, Jane,OU=People,DC=ad,DC=example'), 'DC=ad,DC=example');
  assert.is(domainOf('CN=x\\,DC=trap,dc=ad, dc=example'), 'dc=ad, dc=example');
  assert.is(domainOf('DC=ad,DC=example'), 'DC=ad,DC=example');
  assert.is(domainOf('ou=people,o=office'), 'ou=people,o=office');
});

test('a list in pieces is read to its end, or not at all', async () => {
  const pieces: Record<string, readonly string[]> = { 'member;range=2-3': ['c', 'd'], 'member;range=4-*': ['e'] };
  const asked: string[] = [];
  const linkTo = (reply: (from: string) => Record<string, readonly string[]> | null) =>
    ({
      url: 'ldaps://dc',
      async search({ attributes: [wanted = ''] }: Search) {
        asked.push(wanted);
        const said = reply(/range=(\d+)/.exec(wanted)?.[1] ?? '');
        return said ? [entryOf(said)] : [];
      },
    }) as unknown as Link;
  const head = entryOf({ member: [], 'member;range=0-1': ['a', 'b'] });
  const link = linkTo((from) => Object.fromEntries(Object.entries(pieces).filter(([name]) => name.startsWith(`member;range=${from}-`))));
  assert.equal(await allValues(head, 'member', link), ['a', 'b', 'c', 'd', 'e']);
  assert.equal(asked, ['member;range=2-*', 'member;range=4-*']);
  assert.equal(await allValues(entryOf({ Member: ['x'] }), 'member', link), ['x']);
  assert.equal(await allValues(entryOf({}), 'member', link), []);
  for (const reply of [() => null, () => ({}), () => ({ 'member;range=0-1': ['a', 'b'] }), () => ({ member: ['c'] })]) {
    const thrown = await allValues(head, 'member', linkTo(reply)).then(
      () => null,
      (error: unknown) => error,
    );
    assert.ok(isRefusal(thrown), 'a list that is not whole is none');
  }
});

test('where Windows names no rule, what was read before tells it: too young, or else used before or forbidden', () => {
  const bare = recordedAnswers.filter(({ server, says }) => server === 'Active Directory' && /^0000052d/i.test(says));
  assert.ok(bare.length >= 7 && [19, 53].every((wanted) => bare.some(({ code }) => code === wanted)));
  const told = ({ code, says }: { code: number; says: string }, changeableAt: number | null, history: number | null) =>
    activeDirectory.unnamed?.(answer(code, says), { changeableAt, rules: { ...noDirectoryRules, history } } as State) ?? null;
  for (const row of bare) {
    assert.is(told(row, 1000, 24), 'directory.minimum-age', row.says);
    assert.is(told(row, null, 24), 'directory.used-or-forbidden', row.says);
    for (const history of [0, null]) assert.is(told(row, null, history), null, row.says);
  }
  for (const row of recordedAnswers.filter((one) => !bare.includes(one))) assert.is(told(row, 1000, 24), null, row.says);
});

test('the bare no of a Windows is explained to who is held to age and history, and to staff, who are not, left as it is', async () => {
  const bare = recordedAnswers.find(({ code, says }) => code === 53 && says.startsWith('0000052D: SvcErr'))?.says ?? '';
  const now = Date.UTC(2026, 0, 2);
  const tenths = (at: number) => String((BigInt(at) + 11_644_473_600_000n) * 10_000n);
  async function refusedBy(verb: 'set' | 'setTemporary', { hours, offers = true }: { hours: number; offers?: boolean }) {
    const entry = entryOf({
      ...{ userAccountControl: ['512'], pwdLastSet: [tenths(now - hours * 3_600_000)] },
      ...{ minPwdLength: ['7'], pwdHistoryLength: ['24'], pwdProperties: ['1'], minPwdAge: [String(-24n * 36_000_000_000n)] },
    });
    const modify = async (_dn: string, _changes: unknown, { beforeSending }: { beforeSending(): void }) => {
      beforeSending();
      return answer(53, bare);
    };
    const link = { url: 'ldaps://dc', search: async () => [entry], modify };
    const desk = { server: 'ldaps://dc', link, dialect: activeDirectory, root: { offers: () => offers } };
    const needs = {
      servers: { ask: (work: (at: typeof desk) => unknown) => work(desk) },
      people: { entry: async () => entry },
      written: { serverOf: () => null, note: () => undefined },
      ...{ clock: { now: () => now }, baseDn: 'DC=ad,DC=example', policyDn: null },
    } as unknown as Parameters<typeof openPasswords>[1];
    const outcome = await openPasswords('id', needs)[verb]('Another-Passw0rd', () => undefined);
    return outcome.kind === 'refused' ? [outcome.refusal.key, outcome.refusal.params] : outcome.kind;
  }
  assert.equal(await refusedBy('set', { hours: 1 }), ['directory.minimum-age', { at: now + 23 * 3_600_000 }]);
  assert.equal(await refusedBy('set', { hours: 30 }), ['directory.used-or-forbidden', {}]);
  assert.equal(await refusedBy('setTemporary', { hours: 1 }), ['directory.policy', {}]);
  assert.equal(await refusedBy('set', { hours: 1, offers: false }), ['directory.policy', {}], 'without the hint neither is asked');
});

test('the version of a password is read from what is kept for replication, and from nothing else', () => {
  const row = (attribute: number, fill: number) => {
    const bytes = Buffer.alloc(48, fill);
    bytes.writeUInt32LE(attribute);
    return bytes;
  };
  const blob = (...rows: Buffer[]) => {
    const head = Buffer.alloc(16);
    head.writeUInt32LE(1);
    head.writeUInt32LE(rows.length, 8);
    return Buffer.concat([head, ...rows]);
  };
  const one = passwordVersion(blob(row(3, 7), row(0x9005a, 1)));
  assert.ok(one !== null);
  assert.is(passwordVersion(blob(row(0x9005a, 1), row(3, 9))), one);
  assert.is.not(passwordVersion(blob(row(0x9005a, 2))), one);
  const elsewhere = row(0x9005a, 1);
  elsewhere.fill(99, 40);
  assert.is(passwordVersion(blob(elsewhere)), one, "another server's own number is left out");
  for (const none of [
    null,
    Buffer.alloc(0),
    Buffer.alloc(16),
    blob(row(3, 1)),
    blob(row(0x9005a, 1)).subarray(0, 60),
    Buffer.alloc(64, 255),
  ])
    assert.is(passwordVersion(none), null);
});

test.run();
