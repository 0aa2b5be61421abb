/** Reading everybody from a real slapd, for the first time and again unchanged, beside `ldapsearch` of the same attributes. */

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openldap } from '../directory/openldap.ts';
import { openRealHouse, type RealHouse } from '../testing/house.ts';
import type { Report } from './figure.ts';
import { timed } from './measure.ts';

const sizes = [5000, 50_000];

export async function measurePeople(report: Report): Promise<void> {
  for (const size of sizes) {
    const house = await openRealHouse({ slapd: { ldif: ldifOf(size) }, timeoutSeconds: 60 });
    try {
      const tool = Math.min(...[await searchBy(house, size), await searchBy(house, size)]);
      const yardstick = { name: 'ldapsearch of the same', value: tool };
      const [first, second] = await house.inside(async ({ syncAll, world }) => {
        const once = await timed(syncAll);
        if (world.accounts.count().all !== size) throw new Error(`${world.accounts.count().all} of ${size} were read`);
        return [once.millis, (await timed(syncAll)).millis] as const;
      });
      const words = size.toLocaleString('en');
      report({ part: 'people', name: `sync of ${words} people, first`, value: first, unit: 'ms', yardstick });
      report({ part: 'people', name: `sync of ${words} people, nothing changed`, value: second, unit: 'ms', yardstick });
    } finally {
      await house.close();
    }
  }
}

/** Loaded without an overlay, and without passwords: nobody signs in here. */
const ldifOf = (size: number): string =>
  Array.from(
    { length: size },
    (_, number) => `dn: uid=p${number},ou=people,dc=latchkey,dc=test
objectClass: inetOrgPerson
uid: p${number}
cn: Person Number ${number}
sn: Number
mail: p${number}@office.example.net
mobile: +44 7700 ${String(number).padStart(6, '0')}

`,
  ).join('');

/** Milliseconds of the tool from its start to its end, with the pages that Latchkey asks for. */
async function searchBy({ slapd, folder }: RealHouse, size: number): Promise<number> {
  const secret = join(folder, 'search');
  const authority = join(folder, 'search-ca.pem');
  writeFileSync(secret, slapd.servicePassword, { mode: 0o600 });
  writeFileSync(authority, slapd.ca);
  const attributes = [...Object.values(openldap.attributes), ...openldap.loginAttributes, ...openldap.personAttributes];
  const how = ['-x', '-LLL', '-o', 'ldif-wrap=no', '-E', 'pr=500/noprompt', '-H', slapd.ldaps, '-D', slapd.serviceDn, '-y', secret];
  const args = [...how, '-b', slapd.base, '(objectClass=inetOrgPerson)', ...new Set(attributes)];
  const { millis, result } = await timed(
    () =>
      new Promise<string>((resolve, reject) => {
        const options = { env: { ...process.env, LDAPTLS_CACERT: authority }, maxBuffer: 1 << 28, timeout: 60_000 };
        execFile('ldapsearch', args, options, (error, stdout) => (error ? reject(error) : resolve(stdout)));
      }),
  );
  const found = result.match(/^dn:/gm)?.length ?? 0;
  if (found !== size) throw new Error(`ldapsearch found ${found} of ${size}`);
  return millis;
}
