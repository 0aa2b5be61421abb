/** A whole reset by a code in a mail, as a person goes it with a plain client, beside the directory's part of it alone. */

import { openRealHouse, type Person } from '../testing/house.ts';
import type { Report } from './figure.ts';
import { median, timed } from './measure.ts';

const journeys = 15;
const person = (number: number): Person => ({
  login: `walker${number}`,
  name: `Walker ${number}`,
  password: `Quiet lantern ${number} meadow`,
  address: `walker${number}@home.example.net`,
});

export async function measureJourney(report: Report): Promise<void> {
  const house = await openRealHouse({ policy: { second_gate_when_stronger: false } });
  try {
    const people = Array.from({ length: journeys }, (_, number) => person(number));
    await house.admit(people);
    const bare = await directoryAlone(house, people);
    const served = await house.serve();
    const whole: number[] = [];
    const setting: number[] = [];
    for (const { login, address } of people) {
      const browser = house.visitor();
      const password = `A wholly new sentence for ${login.replace(/\D/g, '')}00`;
      const { millis } = await timed(async () => {
        await browser.open('/reset');
        await browser.submit({ login });
        await browser.submit({ method: 'email' });
        await browser.submit({ answer: await house.code(address) });
        const { csrf = '' } = browser.form({ password: '' }).fields;
        const last = await timed(() => browser.post('/reset/password', { csrf, password, password_again: password }));
        setting.push(last.millis);
      });
      if (!/set/.test(browser.heading())) throw new Error(`the reset did not end well: ${browser.text()}`);
      whole.push(millis);
    }
    await served.end('SIGTERM');
    const yardstick = { name: 'LDAP set and bind alone', value: bare };
    report({ part: 'journey', name: 'reset by mailed code, 5 pages', value: median(whole), unit: 'ms', yardstick, note: whyWhole });
    report({ part: 'journey', name: 'of it: new password sent to answer', value: median(setting), unit: 'ms', yardstick });
  } finally {
    await house.close();
  }
}

const whyWhole = 'most of it waits on purpose: each deferred step ends 450 ms after it was asked for, for members and strangers alike';

/** The password modify operation and the bind that proves it, by the same client. */
async function directoryAlone(house: Awaited<ReturnType<typeof openRealHouse>>, people: readonly Person[]): Promise<number> {
  return house.inside(async ({ world }) => {
    const took: number[] = [];
    for (const { login } of people) {
      const [account] = world.accounts.byLogin(login);
      if (!account) throw new Error(`${login} has no account`);
      const passwords = world.passwordsFor(account);
      const password = `The sentence before ${login.replace(/\D/g, '')}00`;
      const { millis } = await timed(async () => {
        const written = await passwords.set(password, () => undefined);
        if (written.kind !== 'done' || !written.isProved) throw new Error(`${login}: ${written.kind}`);
      });
      took.push(millis);
    }
    return median(took);
  });
}
