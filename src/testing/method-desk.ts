/** A reset desk in memory before which Alice and Bob hold every method: for tests that attack the doors, with a clock that they move. */

import * as assert from 'uvu/assert';
import { portalsOf } from '../portals.ts';
import type { Policy } from '../rules/policy.ts';
import { type MethodName, methodNames } from '../rules/vocabulary.ts';
import { routesOf } from '../routes.ts';
import { syncDirectory } from '../sync/sync.ts';
import { Browser } from './browser.ts';
import { cast } from './cast.ts';
import { openFrontDesk } from './front-desk.ts';
import { codeOf, give, type Holding, memoryOf, type Site } from './holdings.ts';
import { onButton, wordsIn } from './markup.ts';
import { publicUrl, type TestWorld, testWorld } from './world.ts';

export type Owner = 'alice' | 'bob';
export type Fields = Readonly<Record<string, string>>;

export interface MethodDesk {
  readonly world: TestWorld;
  readonly site: Site;
  held(who: Owner): Holding;
  /** A browser with this network address; each has its own unless it is said. */
  browser(address?: string): Browser;
  /** A new attempt of this person, at the answer of this method. */
  atAnswer(who: string, method: MethodName, address?: string): Promise<Browser>;
  /** Goes on to another method in the same attempt. */
  choose(at: Browser, method: MethodName): Promise<Browser>;
  /** What is right in this attempt, as its owner would type it. */
  right(who: Owner, method: MethodName, at: Browser): Promise<Fields>;
  /** As a program would: any fields, with the page's own token. */
  post(at: Browser, path: string, fields: Fields): Promise<Browser>;
  /** Whether this method has opened its gate: after the first proof the page offers the person's other ways alone. */
  isOpened(at: Browser, method: MethodName): Promise<boolean>;
  close(): Promise<void>;
}

/** Two gates, so that no single proof ends an attempt; the approver is Laura, whose password lives here. */
const arranged: Partial<Policy> = {
  ...{ methods: methodNames, gates: 2, second_gate_when_stronger: false },
  ...{ approvers: ['laura'], approval_by_manager: false, helpdesk_address: 'helpdesk@desk.example' },
};

export async function openMethodDesk(policy: Partial<Policy> = {}): Promise<MethodDesk> {
  const world = await testWorld({ texts: true, policy: { ...arranged, ...policy } });
  const sync = syncDirectory({ ...world, roles: { administrators: [], helpdesk: [], auditors: [] }, maxDisablePercent: 10 });
  const portals = portalsOf({ ...world, world, sync, config: { publicUrl, mail: null } } as Parameters<typeof portalsOf>[0]);
  const desk = await openFrontDesk(routesOf(portals), { ...world, trustedProxies: ['127.0.0.1'] });
  const site = { world, methods: world.methods, publicUrl };
  const holdings: Record<Owner, Holding> = { alice: await giveAll('alice'), bob: await giveAll('bob') };
  let visitors = 0;

  async function giveAll(who: Owner): Promise<Holding> {
    const account = world.people[who];
    for (const { id } of world.enrolments.of(account.id)) world.enrolments.remove(id);
    return give(site, { account, methods: methodNames, address: cast[who].mail });
  }
  const browser = (address = `10.70.0.${++visitors}`): Browser => new Browser(desk.url, { headers: { 'X-Forwarded-For': address } });

  async function choose(at: Browser, method: MethodName): Promise<Browser> {
    if (!at.forms().some(({ offers }) => 'method' in offers && (offers.method ?? []).length > 1)) await at.open('/reset?another=1');
    await at.submit({ method });
    await world.deferral.drain();
    return at;
  }

  async function approvedCode(): Promise<string> {
    const colleague = await browser().open('/sign-in?next=%2Fapprovals');
    await colleague.submit({ login: 'laura', password: cast.laura.password });
    await colleague.open('/approvals');
    const newest = colleague.forms().findLast(({ action }) => action.endsWith('/code'));
    assert.ok(newest, colleague.text());
    await colleague.submit({}, { at: newest.action });
    return /<code>(\d{8})<\/code>/.exec(colleague.html)?.[1] ?? '';
  }

  return {
    world,
    site,
    held: (who) => holdings[who],
    browser,
    choose,
    async atAnswer(who, method, address) {
      const at = await browser(address).open('/reset');
      await at.submit({ login: who });
      await world.deferral.drain();
      return choose(at, method);
    },
    async right(who, method, at) {
      const { number, seed, codes, pass, device } = holdings[who];
      if (method === 'questions')
        return Object.fromEntries(wordsIn(at.html, 'label').map((label, nth) => [`answer_${nth + 1}`, memoryOf(who, label)]));
      const answers: Readonly<Record<Exclude<MethodName, 'questions'>, () => string | Promise<string>>> = {
        email: () => world.codeFromMail(cast[who].mail),
        sms: () => world.codeFromText(number),
        totp: () => codeOf({ seed }, world.clock.now()),
        passkey: () => device?.get(onButton(at.html, 'data-options')) ?? '',
        'recovery-code': () => codes[0] ?? '',
        pass: () => pass,
        colleague: approvedCode,
      };
      return { answer: await answers[method]() };
    },
    async post(at, path, fields) {
      const csrf = at.forms().find(({ fields: hidden }) => 'csrf' in hidden)?.fields.csrf ?? '';
      await at.post(path, { csrf, ...fields });
      assert.is.not(at.status, 403, 'the form itself was let in');
      return at;
    },
    async isOpened(at, method) {
      await at.open('/reset?another=1');
      const offered = at.forms().find(({ action, offers }) => action === '/reset/method' && 'method' in offers)?.offers.method;
      return offered !== undefined && offered.length > 1 && !offered.includes(method);
    },
    close: () => desk.close(),
  };
}
