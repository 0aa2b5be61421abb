/** What a person does at the demo office with a plain browser, step by step; the tests say what must come of it. */

import * as assert from 'uvu/assert';
import { Browser } from '../browser.ts';
import type { DemoProcess } from '../demo-process.ts';

export type Way = 'email' | 'totp' | 'recovery-code';

export function journeysIn(demo: DemoProcess) {
  const passwords = new Map<string, string>();
  let chosen = 0;

  const browser = (): Browser => new Browser(demo.site, { origin: demo.site });
  /** The one in force, as far as the tests know. */
  const passwordOf = (login: string): string => passwords.get(login) ?? demo.person(login).password;
  const fresh = (): string => `seven quiet lanterns ${++chosen} over Zürich`;

  /** Up to the field for the code. */
  async function askFor(login: string, way: Way, visitor = browser()): Promise<Browser> {
    await visitor.open('/reset');
    await visitor.submit({ login });
    return visitor.submit({ method: way });
  }

  /** The code in the newest message of this kind, which is awaited. */
  async function mailedCode(login: string, kind = 'reset-code', after = 0): Promise<string> {
    const { text } = await demo.message(login, kind, { after });
    return /^\d{8}$/m.exec(text)?.[0] ?? '';
  }

  const linkIn = (text: string): string => /^http\S+$/m.exec(text)?.[0] ?? '';
  const messagesTo = async (login: string, kind: string): Promise<number> =>
    (await demo.outbox()).filter((one) => one.kind === kind && one.to === demo.person(login).mail).length;

  async function choosePassword(visitor: Browser, login: string): Promise<string> {
    const password = fresh();
    await visitor.submit({ password, password_again: password });
    assert.is(visitor.heading(), 'Your new password is set', visitor.text());
    passwords.set(login, password);
    return password;
  }

  /** With an app where the role asks for one; ends where the sign-in leads. */
  async function signIn(login: string, visitor = browser(), password = passwordOf(login)): Promise<Browser> {
    await visitor.open('/sign-in');
    await visitor.submit({ login, password });
    if (visitor.path.startsWith('/sign-in/second-step')) await visitor.submit({ answer: await demo.appCode(login) });
    return visitor;
  }

  /** Only this password opens the directory, by OpenLDAP's own tool. */
  async function isInForce(login: string, { now, before }: { now: string; before: string }): Promise<void> {
    assert.is(await demo.binds(login, now), true, `${login}: the new password`);
    assert.is(await demo.binds(login, before), false, `${login}: the old password`);
  }

  return { browser, passwordOf, passwords, fresh, askFor, mailedCode, messagesTo, linkIn, choosePassword, signIn, isInForce };
}
