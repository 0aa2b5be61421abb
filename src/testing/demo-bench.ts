/** A bench of the directory contract on the demo directory: the real adapter over LDAPS, and an office in which nobody is yet. */

import type { DirectoryConfig } from '../directory/config.ts';
import type { DemoDirectory } from '../directory/demo/demo.ts';
import { demoPolicy } from '../directory/demo/office.ts';
import { openDirectory } from '../directory/directory.ts';
import { connect } from '../directory/ldap.ts';
import { day } from '../rules/time.ts';
import { systemClock } from '../system.ts';
import { testDemo } from './demo-directory.ts';
import { type Bench, benchPolicy, overlayTraits } from './directory-contract.ts';
import { accountOf, noLog } from './slapd-bench.ts';

/** How Latchkey is configured for a demo directory. */
export const demoConfig = (demo: DemoDirectory, more: Partial<DirectoryConfig> = {}): DirectoryConfig => ({
  id: 'demo',
  kind: 'auto',
  urls: [demo.secureUrl],
  startTls: false,
  ca: demo.ca,
  bindDn: demo.serviceDn,
  bindPassword: demo.servicePassword,
  baseDn: demo.baseDn,
  accountFilter: null,
  loginAttributes: [],
  attributes: {},
  protectedGroups: [demo.groupDn('protected')],
  timeoutMillis: 5000,
  ...more,
});

/** Whether a bind over LDAPS succeeds. A wrong password counts as a failure. */
export async function opens(demo: DemoDirectory, login: string, password: string): Promise<boolean> {
  const link = await connect({ url: demo.secureUrl, ca: demo.ca, startTls: false, timeoutMillis: 5000 });
  try {
    return (await link.bind(demo.personDn(login), password)).resultCode === 0;
  } finally {
    link.close();
  }
}

export async function demoBench(): Promise<Bench> {
  const demo = await testDemo({ people: [], groups: [], policy: { ...demoPolicy, ...benchPolicy, failureMillis: 0 } });
  const hands = demo.administrator;
  const protectedGroup = demo.groupDn('protected');
  const directory = openDirectory(demoConfig(demo, { pageSize: 7 }), { clock: systemClock, log: noLog });
  return {
    traits: overlayTraits,
    givePolicy: null,
    directory,
    protectedGroup,
    async addPerson(person) {
      const { uuid } = await hands.addPerson(person);
      await hands.age(person.login, day);
      return accountOf({ home: directory.id, remoteId: uuid, login: person.login, name: person.name });
    },
    addGroup(name, members) {
      const given = members.map((member) => (typeof member === 'string' ? member : demo.personDn(member.login)));
      return hands.addGroup(name === protectedGroup ? 'protected' : name, given);
    },
    nest: hands.nest,
    lock: ({ login }, by) => hands.lock(login, by),
    markMustChange: ({ login }) => hands.markMustChange(login),
    age: ({ login }, milliseconds) => hands.age(login, milliseconds),
    disable: ({ login }) => hands.disable(login),
    setPolicy: hands.setPolicy,
    opens: ({ login }, password) => opens(demo, login, password),
    isLocked: async ({ login }) => hands.isLocked(login),
    kept: null,
    async close() {
      await directory.close();
      await demo.close();
    },
  };
}
