// needs: slapd ldap-utils
/** A colleague's approval on the real directory, without JavaScript: the manager is read from it, asked by mail, signs in, and reads out a code. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from '../eventually.ts';
import { type Person, openRealHouse, type RealHouse } from '../house.ts';
import type { Browser } from '../browser.ts';

const test = suite<{ house: RealHouse }>('a colleague on the real directory');
const person = (login: string, name: string): Person => ({
  ...{ login, name, password: `${name} walks home at 5`, address: `${login}@home.example.net` },
});
const ida = person('ida', 'Ida, Ivanova');
const max = person('max', 'Max Møller');
const rosa = person('rosa', 'Rosa Reyes');
const mailOf = ({ login }: Person): string => `${login}@office.example.com`;
const good = 'seven green lanterns swim';

test.before(async (room) => {
  const house = await openRealHouse({ policy: { methods: ['email', 'colleague'], approvers: ['rosa'] } });
  room.house = house;
  await house.admit([ida, max, rosa]);
  for (const one of [ida, max, rosa])
    await house.slapd.modify(`dn: ${house.dn(one)}\nchangetype: modify\nadd: mail\nmail: ${mailOf(one)}\n`);
  const manager = house.dn(max).replace('cn=', 'CN = ').replaceAll(',ou=', ', OU=');
  await house.slapd.modify(`dn: ${house.dn(ida)}\nchangetype: modify\nadd: manager\nmanager: ${manager}\n`);
  await house.inside(({ syncAll }) => syncAll());
  await house.start();
});
test.after(({ house }) => house.close());

async function signIn(house: RealHouse, { login, password }: Person): Promise<Browser> {
  const browser = await house.visitor().open('/approvals');
  assert.match(browser.path, /^\/sign-in\?next=/);
  return browser.submit({ login, password });
}

async function ask(house: RealHouse, { login }: Person): Promise<Browser> {
  const browser = await house.visitor().open('/reset');
  await browser.submit({ login });
  return browser.submit({ method: 'colleague' });
}

async function letterTo(house: RealHouse, address: string, about: RegExp): Promise<string> {
  return eventually(`nothing like ${about} came to ${address}`, () => house.mailsTo(address).findLast((letter) => about.test(letter)));
}

const requestsOn = (browser: Browser): string[] =>
  browser.forms().flatMap(({ action }) => /^\/approvals\/(\d+)\/code$/.exec(action)?.[1] ?? []);

test('the manager of the directory is known by the name of the entry, however it is written', ({ house }) =>
  house.inside(({ world }) => {
    const [account] = world.accounts.byLogin('ida');
    assert.is(account && world.accounts.managerOf(account)?.login, 'max');
    assert.is(world.accounts.managerOf({ home: 'elsewhere', manager: account?.manager ?? null }), null, 'of another home nobody');
  }));

test('from the forgotten password to the new one', async ({ house }) => {
  const lost = await ask(house, ida);
  assert.match(lost.text(), /up to an hour/);
  for (const colleague of [max, rosa]) {
    const letter = await letterTo(house, mailOf(colleague), /asks you to confirm/);
    assert.match(letter, /Ida, Ivanova \(user name ida\)/);
    assert.match(letter, /\/approvals$/m);
    assert.not.match(letter, /\d{6}/);
  }
  const colleague = await signIn(house, max);
  assert.is(colleague.path, '/approvals');
  assert.match(colleague.text(), /Ida, Ivanova/);
  const [, supportCode = 'none'] = /class="support-code"[^>]*>([A-Z-]+)</.exec(lost.html) ?? [];
  assert.ok(colleague.text().includes(supportCode), 'by which two requests in one name are told apart');
  assert.match(colleague.text(), /10\.0\.0\.\d/, 'from which network');
  assert.not.match(colleague.html, /\d{4} ?\d{4}<\/code>/, 'no code before somebody asks for it');
  const [request] = requestsOn(colleague);
  await colleague.submit({}, { at: `/approvals/${request}/code` });
  const code = /<code>(\d{8})<\/code>/.exec(colleague.html)?.[1] ?? '';
  assert.match(code, /^\d{8}$/);
  assert.is(colleague.headers['cache-control'], 'no-store');
  await colleague.open('/approvals');
  assert.not.ok(colleague.html.includes(code), 'it is shown once');

  await lost.submit({ answer: '0000 0000' });
  assert.is(lost.status, 422);
  assert.match(lost.text(), /does not fit/);
  await lost.submit({ answer: `${code.slice(0, 4)} ${code.slice(4)}` });
  await lost.submit({ password: good, password_again: good });
  assert.is(lost.heading(), 'Your new password is set', lost.text());
  assert.ok(await house.opens(ida, good));
  assert.not.ok(await house.opens(ida, ida.password));
  assert.equal(requestsOn(await colleague.open('/approvals')), []);
  await letterTo(house, mailOf(ida), /was reset/);
});

test('nobody else reaches a request: not a colleague who was not asked, not the person, nobody without signing in or without the form', async ({
  house,
}) => {
  await ask(house, max);
  await letterTo(house, mailOf(rosa), /Max Møller \(user name max\)/);
  const rosas = await signIn(house, rosa);
  const [request] = requestsOn(rosas);
  assert.ok(request);
  const idas = await signIn(house, { ...ida, password: good });
  const maxs = await signIn(house, max);
  for (const other of [idas, maxs]) {
    assert.equal(requestsOn(other), []);
    const { csrf = '' } = other.form({}, /sign-out/).fields;
    for (const act of ['code', 'deny']) {
      await other.post(`/approvals/${request}/${act}`, { csrf });
      assert.is(other.status, 404);
      assert.match(other.text(), /not waiting for you/);
    }
    await other.post('/approvals/999999/code', { csrf });
    assert.is(other.status, 404);
    await other.post('/approvals/x/code', { csrf });
    assert.is(other.status, 404);
  }
  await rosas.post(`/approvals/${request}/code`, {});
  assert.is(rosas.status, 403);
  const passerBy = await house.visitor().open('/');
  await passerBy.post(`/approvals/${request}/code`, {});
  assert.is.not(passerBy.status, 200);
  assert.not.match(passerBy.html, /<code>\d/);
  assert.equal(requestsOn(await rosas.open('/approvals')), [request]);
});

test('"It is not them" stops it and tells the person', async ({ house }) => {
  const rosas = await signIn(house, rosa);
  const [request] = requestsOn(rosas);
  await rosas.submit({}, { at: `/approvals/${request}/deny` });
  assert.is(rosas.path, '/approvals?done=denied');
  assert.match(rosas.text(), /was stopped/);
  assert.equal(requestsOn(rosas), []);
  assert.match(await letterTo(house, mailOf(max), /tried to get into/), /Rosa Reyes says that it was not you/);
  await letterTo(house, max.address, /tried to get into/);
});

test.run();
