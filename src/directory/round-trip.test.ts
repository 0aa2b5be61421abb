/** Whatever a person is called, slapd finds exactly that person by filter and by name: generated values against the real server. */
// needs: slapd ldap-utils

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ldifLine, type Slapd, startSlapd } from '../testing/slapd.ts';
import { escapeValue, isSameDn, parseDn } from './dn.ts';
import { and, equal, filterText, parseFilter, present } from './filter.ts';
import { connect, type Link } from './ldap.ts';

const test = suite('names and filters on slapd');
let slapd: Slapd;
let link: Link;

test.before(async () => {
  slapd = await startSlapd();
  link = await connect({ url: slapd.ldaps, startTls: false, ca: slapd.ca, timeoutMillis: 5000 });
  await link.bind(slapd.serviceDn, slapd.servicePassword);
});
test.after(async () => {
  link?.close();
  await slapd?.close();
});

/** Text with what is syntax somewhere, at every place; a directory string is not empty and holds no NUL. */
const syntax = fc.constantFrom(
  ...'\\*()&|!=<>~,;+"#:/ \'%$',
  'ä',
  'é',
  '日',
  '😀',
  '👩‍💻',
  'ß',
  'İ',
  '\\2a',
  '\\00',
  ')(uid=*',
  '\t',
  'a',
  'Z',
  '0',
);
const name = fc.array(syntax, { minLength: 1, maxLength: 12 }).map((parts) => parts.join(''));

test('an entry named by any text is found by it, by its name, and by nothing else', async () => {
  const names = fc.sample(name, 300).map((text, index) => `${text}${index}${text.length % 3 === 0 ? ' ' : ''}`);
  const people = names.map((text, index) => ({ text, uid: `${text.trim()}!${index}`, dn: `cn=${escapeValue(text)},${slapd.people}` }));
  await slapd.add(
    people
      .map(({ text, uid, dn }) =>
        [ldifLine('dn', dn), 'objectClass: inetOrgPerson', ldifLine('cn', text), 'sn: x', ldifLine('uid', uid), '\n'].join('\n'),
      )
      .join(''),
  );
  const inPeople = { base: slapd.people, scope: 'sub', attributes: ['cn', 'uid'] } as const;
  for (const { text, uid, dn } of people) {
    const filter = and(equal('objectClass', 'person'), equal('uid', uid));
    const found = await link.search({ ...inPeople, filter });
    assert.equal(
      found.map((entry) => entry.text('uid')),
      [uid],
    );
    const [entry] = found;
    if (!entry) return;
    assert.is(entry.text('cn'), text);
    assert.ok(isSameDn(entry.dn, dn), `${entry.dn} ~ ${dn}`);
    assert.is(parseDn(entry.dn)[0]?.[0]?.value, text);

    const through = await link.search({ ...inPeople, filter: parseFilter(filterText(filter)) });
    assert.is(through.length, 1, 'the same through RFC 4515 text');
    for (const base of [entry.dn, dn]) {
      const byName = await link.search({ base, scope: 'base', attributes: ['uid'], filter: present('objectClass') });
      assert.is(byName[0]?.text('uid'), uid, base);
    }
    const letters = [...uid];
    const pieces = [letters[0] ?? '', letters.slice(-2).join('')].map((piece) => Buffer.from(piece));
    const part = await link.search({ ...inPeople, filter: { kind: 'substring', attribute: 'uid', pieces } });
    assert.ok(
      part.some((one) => one.text('uid') === uid),
      uid,
    );
  }
});

test.run();
