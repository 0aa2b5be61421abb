/** Filters: RFC 4515 read and written, and what people type never becomes syntax. */

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeFilter, equal, type Filter, filterText, parseFilter } from './filter.ts';

test('reads what RFC 4515 section 4 gives as examples', () => {
  for (const text of [
    '(cn=Babs Jensen)',
    '(!(cn=Tim Howes))',
    '(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))',
    '(o=univ*of*mich*)',
    '(seeAlso=)',
    '(cn:caseExactMatch:=Fred Flintstone)',
    '(cn:=Betty Rubble)',
    '(sn:dn:2.4.6.8.10:=Barney Rubble)',
    '(o:dn:=Ace Industry)',
    '(:1.2.3:=Wilma Flintstone)',
    '(:dn:2.4.6.8.10:=Dino)',
    '(o=Parens R Us \\28for all your parenthetical needs\\29)',
    '(cn=*\\2a*)',
    '(filename=C:\\5cMyFile)',
    '(bin=\\00\\00\\00\\04)',
    '(sn=Lu\\c4\\8di\\c4\\87)',
    '(1.3.6.1.4.1.1466.0=\\04\\02Hi)',
    '(userAccountControl:1.2.840.113556.1.4.803:=2)',
    '(cn;lang-de=x)',
    '(&)',
    '(|)',
    '(a>=1)',
    '(a<=1)',
    '(a~=1)',
    '(a=*)',
  ]) {
    assert.is(filterText(parseFilter(text)), text);
  }
});

test('decodes escapes and keeps letters that need none', () => {
  assert.equal(parseFilter('(sn=Lu\\c4\\8di\\C4\\87)'), equal('sn', 'Lučić'));
  assert.equal(parseFilter('(sn=Lučić)'), equal('sn', 'Lučić'));
  assert.equal(parseFilter('(bin=\\ff\\00)'), equal('bin', Buffer.from([0xff, 0])));
});

test('says where a filter is wrong', () => {
  for (const text of [
    '',
    'cn=x',
    '(cn=x',
    '(cn=x))',
    '(cn=x)(sn=y)',
    '(=x)',
    '(c n=x)',
    '(cn=\\2)',
    '(cn=\\zz)',
    '(cn=a**b)',
    '(!(a=b)(c=d))',
    '(&(a=b)x)',
    '(cn=a(b)',
    '()',
    '(cn)',
    '(:=x)',
    '(cn:=x',
    '('.repeat(100),
  ]) {
    assert.throws(
      () => parseFilter(text),
      (error: Error) => error instanceof SyntaxError && /at character \d+/.test(error.message),
      text,
    );
  }
  assert.throws(() => parseFilter(`${'(!'.repeat(60)}(a=b)${')'.repeat(60)}`), /deeply/);
});

test('any value survives the way through text', () => {
  const name = fc.constantFrom('cn', 'uid', 'x-Y', '1.2.3', 'a;lang-de');
  const value = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
  const some = value.filter((bytes) => bytes.length > 0);
  const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 4 },
      fc.record({ kind: fc.constantFrom('equal', 'at least', 'at most', 'like'), attribute: name, value }),
      fc.record({ kind: fc.constant('present'), attribute: name }),
      fc.record({
        kind: fc.constant('substring'),
        attribute: name,
        pieces: fc.tuple(value, fc.array(some, { maxLength: 3 }), some).map(([a, b, c]) => [a, ...b, c]),
      }),
      fc.record({
        kind: fc.constant('rule'),
        attribute: name,
        rule: fc.constantFrom(null, '1.2.3', 'caseExactMatch'),
        isOfDn: fc.boolean(),
        value,
      }),
      fc.record({ kind: fc.constantFrom('and', 'or'), parts: fc.array(tie('filter'), { maxLength: 3 }) }),
      fc.record({ kind: fc.constant('not'), part: tie('filter') }),
    ) as fc.Arbitrary<Filter>,
  }));
  fc.assert(
    fc.property(filter, (one) => {
      const again = parseFilter(filterText(one));
      assert.equal(encodeFilter(again), encodeFilter(one));
      assert.match(filterText(one), /^[\x20-\x7e]*$/);
    }),
  );
});

test.run();
