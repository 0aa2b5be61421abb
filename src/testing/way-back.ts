/** A person's way through the portals as the plain client takes it, with codes read from their real mailbox. It asserts nothing of its own. */

import type { Browser } from './browser.ts';
import type { Person, HouseBefore } from './house.ts';

type Who = Pick<Person, 'login' | 'address'>;

/** From the login to the page behind the last gate: where the new password is typed, or the lock cleared. */
export async function comeBack(house: HouseBefore, { login, address }: Who, door: '/reset' | '/unlock' = '/reset'): Promise<Browser> {
  const browser = house.visitor();
  await browser.open(door);
  await browser.submit({ login });
  await browser.submit({ method: 'email' });
  return browser.submit({ answer: await house.code(address) });
}

export const choosePassword = (browser: Browser, password: string): Promise<Browser> =>
  browser.submit({ password, password_again: password });

export async function change(
  house: HouseBefore,
  { login }: Pick<Person, 'login'>,
  { current, password }: { current: string; password: string },
): Promise<Browser> {
  const browser = house.visitor();
  await browser.open('/change');
  return browser.submit({ login, current_password: current, password, password_again: password });
}

/** The same by the link in the message, pressed in a browser that has seen nothing of it before. */
export async function comeBackByLink(house: HouseBefore, { login, address }: Who): Promise<Browser> {
  const browser = house.visitor();
  await browser.open('/reset');
  await browser.submit({ login });
  await browser.submit({ method: 'email' });
  const code = await house.code(address);
  const letter = house.mailsTo(address).find((mail) => mail.includes(code));
  const [, link = ''] = /^(http\S+\/reset\/code\/\S+)$/m.exec(letter ?? '') ?? [];
  const other = house.visitor();
  await other.open(link);
  return other.submit({}, { at: /^\/reset\/code\// });
}
