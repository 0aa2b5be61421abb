/** A demo directory for tests: real sockets on free ports, real chance, and a clock that the test may move. */

import { certificateAuthority } from '../directory/certificate.ts';
import { type DemoDirectory, type DemoWish, startDemoDirectory } from '../directory/demo/demo.ts';
import { type DemoOffice, demoOffice } from '../directory/demo/office.ts';
import { systemClock, systemRandom } from '../system.ts';

export interface TestDemo extends DemoDirectory {
  readonly office: DemoOffice;
  /** Of the office's first day. */
  passwordOf(login: string): string;
}

export async function testDemo(wish: Partial<DemoWish> = {}): Promise<TestDemo> {
  const office = demoOffice(systemRandom);
  const needs = { clock: wish.clock ?? systemClock, random: systemRandom };
  const demo = await startDemoDirectory({ ...office, ldapPort: 0, ...needs, authority: await certificateAuthority(needs), ...wish });
  return {
    ...demo,
    office,
    passwordOf(login) {
      const person = office.people.find((candidate) => candidate.login === login);
      if (!person) throw new Error(`${login} is not in the demo office`);
      return person.password;
    },
  };
}
