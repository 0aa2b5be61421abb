/** Search filters against attributes: what matches, what does not, and what is undefined. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseFilter } from '../filter.ts';
import { meets } from './match.ts';

const entry: Record<string, string[]> = {
  objectclass: ['top', 'inetOrgPerson'],
  uid: ['fmueller'],
  cn: ['Friederike  Müller-Lüdenscheidt', '佐藤 花子'],
  mobile: ['+44 7700-900111'],
  memberof: ['cn=Staff,ou=groups,dc=latchkey,dc=example'],
  modifytimestamp: ['20260105090000Z'],
  pwdminlength: ['12'],
};
const met = (filter: string) => meets(parseFilter(filter), (attribute) => (attribute === 'userpassword' ? null : (entry[attribute] ?? [])));

const matching = [
  '(UID=FMUELLER)',
  '(cn=friederike müller-lüdenscheidt)',
  '(cn=FRIEDERIKE MÜLLER-LÜDENSCHEIDT)',
  '(cn=\\e4\\bd\\90\\e8\\97\\a4 花子)',
  '(cn=*müller*)',
  '(cn=frie*mü*scheidt)',
  '(cn~=friederike müller-lüdenscheidt)',
  '(objectClass=*)',
  '(&(uid=*)(!(uid=alice)))',
  '(&)',
  '(|(uid=alice)(uid=f*))',
  '(mobile=+447700900111)',
  '(memberOf=CN=staff, OU=Groups,dc=latchkey,dc=example)',
  '(modifyTimestamp>=20260105085959Z)',
  '(modifyTimestamp<=20260105090000.5Z)',
  '(pwdMinLength>=9)',
  '(uid:caseExactMatch:=fmueller)',
  '(uid:=FMUELLER)',
];
const others = [
  '(uid=alice)',
  '(cn=friederike muller-ludenscheidt)',
  '(cn=frie*scheidt*mü*)',
  '(cn=mü*)',
  '(cn=*x)',
  '(uid=fmueller*fmueller)',
  '(|)',
  '(!(objectClass=*))',
  '(mail=*)',
  '(memberOf=cn=staff)',
  '(modifyTimestamp>=20260105090000.5Z)',
  '(pwdMinLength>=100)',
  '(uid:caseExactMatch:=FMUELLER)',
];
const undefinedOnes = [
  '(userPassword=secret)',
  '(!(userPassword=*))',
  '(&(uid=*)(userPassword=*))',
  '(uid:1.2.3:=x)',
  '(|(uid=alice)(userPassword=*))',
];

for (const filter of matching) test(`${filter} matches`, () => assert.is(met(filter), true));
for (const filter of others) test(`${filter} does not match`, () => assert.is(met(filter), false));
for (const filter of undefinedOnes) test(`${filter} is undefined`, () => assert.is(met(filter), null));
test('what decides wins over what is undefined', () => {
  assert.is(met('(&(uid=alice)(userPassword=*))'), false);
  assert.is(met('(|(uid=f*)(userPassword=*))'), true);
});

test.run();
