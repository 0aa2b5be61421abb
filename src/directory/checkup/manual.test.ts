/** Whatever the doctor can say has words, and every line that it prints as a cure is one of docs/directory-setup.md. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { manual } from '../../testing/manual.ts';
import en from '../../text/en.json' with { type: 'json' };
import { dirsrvGrants } from './389ds.ts';
import { activeDirectoryGrants } from './active-directory.ts';
import { sentences } from './finding.ts';
import { openldapGrants } from './openldap.ts';

const test = suite('what the doctor says');
const base = 'dc=example,dc=com';
const [people, service] = [`ou=people,${base}`, `cn=latchkey,ou=services,${base}`];
const texts: Readonly<Record<string, string>> = en;

/** Said of what is well; all others say what to do. */
const quiet: readonly string[] = [
  ...['name.found', 'connection.open', 'tls.good', 'bind.good', 'root.good', 'controls.good', 'clock.good', 'clock.not-told', 'base.good'],
  ...[
    'reading.good',
    'account.chosen',
    'account.protected',
    'policy.good',
    'rights.reset',
    'rights.unlock',
    'rights.must-change',
    'power.least',
  ],
];

test('has words for everything, and a cure for everything that is amiss', () => {
  for (const sentence of sentences) {
    assert.match(texts[`doctor.${sentence}`] ?? '', /\.$/, sentence);
    if (!quiet.includes(sentence)) assert.ok((texts[`doctor.${sentence}.cure`] ?? '').length > 8, `${sentence} has no cure`);
    assert.not.match(
      `${texts[`doctor.${sentence}`]} ${texts[`doctor.${sentence}.cure`]}`,
      /\b(invalid|illegal|failed|oops|error)\b/i,
      sentence,
    );
  }
  const known = new Set(sentences.flatMap((sentence) => [`doctor.${sentence}`, `doctor.${sentence}.cure`]));
  assert.equal(
    Object.keys(en).filter((key) => key.startsWith('doctor.') && !known.has(key)),
    [],
  );
});

test('prints OpenLDAP’s lines of the manual', () => {
  const lines = manual('OpenLDAP', { base }).join('\n').split('\n');
  const { reset, unlock, hide, limit, policies } = openldapGrants;
  for (const line of [reset(people, service), unlock(people, service), hide(service), limit(service), policies(service)])
    assert.ok(lines.includes(line), line);
});

test('prints the lines of the manual for Windows and for Samba', () => {
  const domain = 'DC=example,DC=com';
  const account = { name: 'latchkey@example.com', sid: 'SID' };
  const printed = [
    ...(['reset', 'unlock', 'must-change'] as const).map((right) => activeDirectoryGrants.right(right, `OU=People,${domain}`, account)),
    activeDirectoryGrants.policies(domain, account),
    activeDirectoryGrants.reading(`OU=People,${domain}`, account),
  ].flatMap((cure) => cure.split('\n').filter((line) => !line.startsWith('#')));
  const told = [...manual('Active Directory', { base: domain }), ...manual('Samba', { base: domain })].join('\n').split('\n');
  assert.is(printed.length, 10);
  for (const line of printed) assert.ok(told.includes(line), line);
});

test('prints 389 Directory Server’s lines of the manual', () => {
  const lines = manual('389 Directory Server', { base }).join('\n').split('\n');
  for (const grant of Object.values(dirsrvGrants)) assert.ok(lines.includes(grant(service)), grant(service));
});

test.run();
