/** Distinguished names: every spelling of one name is one name, and none is two. */

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dnKey, dnText, escapeValue, isSameDn, isWithin, parseDn } from './dn.ts';

test('reads the examples of RFC 4514 section 4', () => {
  assert.equal(parseDn('UID=jsmith,DC=example,DC=net').length, 3);
  assert.equal(parseDn('OU=Sales+CN=J.  Smith,DC=example')[0], [
    { attribute: 'OU', value: 'Sales' },
    { attribute: 'CN', value: 'J.  Smith' },
  ]);
  assert.is(parseDn('CN=James \\"Jim\\" Smith\\, III,DC=x')[0]?.[0]?.value, 'James "Jim" Smith, III');
  assert.is(parseDn('CN=Before\\0dAfter,DC=x')[0]?.[0]?.value, 'Before\rAfter');
  assert.is(parseDn('1.3.6.1.4.1.1466.0=#04024869')[0]?.[0]?.value, '#04024869');
  assert.is(parseDn('CN=Lu\\C4\\8Di\\C4\\87')[0]?.[0]?.value, 'Lučić');
  assert.is(parseDn('cn="quoted, text" , dc=x')[0]?.[0]?.value, 'quoted, text');
  assert.equal(parseDn(''), []);
  for (const text of ['x', 'cn', 'cn=a,,dc=b', '=x', '<GUID=12>;<SID=3>;CN=x', 'cn=a,'])
    assert.throws(() => parseDn(text), SyntaxError, text);
});

test('two spellings of one name are the same, two names are not', () => {
  for (const [one, other] of [
    ['CN=Foo, DC=Example', 'cn=foo,dc=example'],
    ['cn=a\\2Cb\\22\\5C,dc=x', 'CN=a\\,b\\"\\\\,DC=x'],
    ['cn=a+sn=b,dc=x', 'SN=B + CN=A , DC=X'],
    ['cn=\\20edge\\20,dc=x', 'cn=\\ edge\\ ,dc=x'],
    ['cn=two  spaces,dc=x', 'cn=two spaces,dc=x'],
    ['cn=a\tb,dc=x', 'cn=a\\09b,dc=x'],
    ['cn=a=b<c>,dc=x', 'cn=a\\=b\\<c\\>, dc=x'],
    ['cn=JÜRGEN,dc=x', 'cn=ju\u0308rgen,dc=x'],
  ] as const) {
    assert.ok(isSameDn(one, other), `${one} ~ ${other}`);
  }
  for (const [one, other] of [
    ['cn=a\\,dc=b,dc=x', 'cn=a,dc=b,dc=x'],
    ['cn=a\\+sn=b,dc=x', 'cn=a+sn=b,dc=x'],
    ['cn=jose,dc=x', 'cn=josé,dc=x'],
    ['cn=a,dc=x', 'cn=a,dc=y'],
    ['cn=\\\\,dc=x', 'cn=\\,,dc=x'],
  ] as const) {
    assert.not.ok(isSameDn(one, other), `${one} !~ ${other}`);
  }
});

test('knows what lies below a name', () => {
  assert.ok(isWithin('cn=a,OU=p, dc=x', 'ou=p,dc=x') && isWithin('dc=x', 'DC=X') && isWithin('dc=x', ''));
  assert.not.ok(isWithin('cn=a\\,ou=p,dc=x', 'ou=p,dc=x'), 'an escaped comma is no step');
  assert.not.ok(isWithin('dc=x', 'ou=p,dc=x'));
});

test('any value survives the way through text, and two values never share a key but by case and spaces', () => {
  const value = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((text) => text.isWellFormed() && /\S/.test(text));
  const fold = (text: string) => text.trim().replace(/\s+/g, ' ').normalize('NFC').toLowerCase();
  fc.assert(
    fc.property(value, value, (one, other) => {
      const text = `cn=${escapeValue(one)}+uid=1,dc=x`;
      assert.is(parseDn(text)[0]?.[0]?.value, one);
      assert.is(dnText(parseDn(text)), text);
      assert.is(dnKey(text) === dnKey(`cn=${escapeValue(other)}+uid=1,dc=x`), fold(one) === fold(other));
    }),
  );
});

test.run();
