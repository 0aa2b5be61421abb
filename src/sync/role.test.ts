/** Roles by login, by DN and by name, and what must not give one. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { roleBy } from './role.ts';

const admins = 'CN=Password Admins,OU=Groups,DC=example,DC=org';
const role = (login: string, groups: string[], roles: Partial<Parameters<typeof roleBy>[0]>) =>
  roleBy({ administrators: [], helpdesk: [], auditors: [], ...roles })({ login, groups });

test('by login, by DN and by the name of a group, whatever the case and the spaces', () => {
  assert.is(role('Carol', [], { administrators: ['carol'] }), 'administrator');
  assert.is(role('x', [admins], { administrators: ['cn=password admins, ou=groups , dc=Example,dc=org'] }), 'administrator');
  assert.is(role('x', [admins], { helpdesk: ['password admins'] }), 'helpdesk');
  assert.is(role('x', ['cn=Führung\\, Büro \\23 1+ou=a,dc=b'], { auditors: ['führung, büro # 1'] }), 'auditor');
  assert.is(role('x', ['cn=\\c3\\bcber,dc=b'], { auditors: ['Über'] }), 'auditor');
  assert.is(role('x', ['staff'], { auditors: ['Staff'] }), 'auditor');
});

test('the first that matches of administrator, helpdesk, auditor', () => {
  const all = { administrators: ['a'], helpdesk: ['b', 'a'], auditors: ['c', 'b'] };
  assert.is(role('c', ['cn=a,dc=x', 'cn=b,dc=x'], all), 'administrator');
  assert.is(role('c', ['cn=b,dc=x'], all), 'helpdesk');
  assert.is(role('c', [], all), 'auditor');
  assert.is(role('d', ['cn=d,dc=x'], all), 'person');
});

test('nothing that only resembles a listed DN gives its role', () => {
  const roles = { administrators: [admins] };
  assert.is(role(admins, [], roles), 'person');
  assert.is(role('x', [`cn=${admins.replaceAll(/[,=]/g, '\\$&')},ou=evil,dc=example,dc=org`], roles), 'person');
  assert.is(role('x', ['CN=Password Admins,OU=Groups,DC=evil,DC=org'], roles), 'person');
  assert.is(role('x', ['CN=Password Admins\\,OU=Groups,DC=example,DC=org'], roles), 'person');
  assert.is(role('', ['', 'cn=,dc=x'], { administrators: ['', ' '] }), 'person');
  assert.is(role('x', ['ou=admins,cn=y'], { administrators: ['y'] }), 'person');
});

test.run();
