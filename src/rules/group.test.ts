/** Groups by DN and by name, and what only looks like them. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { amongGroups } from './group.ts';

const staff = 'CN=Staff,OU=Groups,DC=example,DC=org';

test('by name and by DN, whatever the case and the spaces around separators', () => {
  for (const named of ['staff', ' Staff ', 'cn=staff,ou=groups,dc=example,dc=org', 'cn=Staff, ou=Groups , dc=example,dc=org'])
    assert.ok(amongGroups([named])(staff), named);
});

test('escaped names are read as people write them', () => {
  assert.ok(amongGroups(['Führung, Büro # 1'])('cn=Führung\\, Büro \\23 1,dc=b'));
  assert.ok(amongGroups(['über'])('cn=\\c3\\9cber,dc=b'));
});

test('nothing that only resembles it', () => {
  for (const named of ['', 'groups', 'staf', 'staff,ou=groups', 'cn=staff', 'cn=staff,ou=groups,dc=example', 'ou=groups,dc=example,dc=org'])
    assert.not.ok(amongGroups([named])(staff), named);
  assert.not.ok(amongGroups(['a'])('cn=a\\,b,dc=x'), 'an escaped comma ends no name');
  assert.not.ok(amongGroups([])(staff));
});

test.run();
