/** Logins are compared as people mean them, masked addresses give nothing away, and everybody is told once. */

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { foldLogin, isLocal, maskMail } from './account.ts';
import { noticeAddresses } from './notice.ts';

test('a login is the same in any case and any Unicode composition', () => {
  assert.is(foldLogin('Müller'), foldLogin('MU\u0308LLER'));
  assert.is(foldLogin('STRASSE'), foldLogin('Straße'));
  assert.is(foldLogin('ΟΔΥΣΣΕΥΣ'), foldLogin('οδυσσευς'));
  assert.is.not(foldLogin('alice'), foldLogin('alíce'));
});

test('a full-width or look-alike letter is another letter', () => {
  assert.is.not(foldLogin('ａlice'), foldLogin('alice'));
  assert.is.not(foldLogin('аlice'), foldLogin('alice')); // Cyrillic а
});

test('folding twice is folding once', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (login) => {
      assert.is(foldLogin(foldLogin(login)), foldLogin(login));
    }),
  );
});

test('a masked address keeps two letters and the last part of the domain', () => {
  assert.is(maskMail('jane.doe@example.org'), 'j•••@e•••.org');
  assert.is(maskMail('😀smile@mail.example.co.uk'), '😀•••@m•••.uk');
  assert.is(maskMail('root@localhost'), 'r•••@l•••');
});

test('an address is told once, however it is spelled, the registered ones first', () => {
  const enrolled = [
    { method: 'email', label: 'Alice@Home.example.net' },
    { method: 'totp', label: 'phone' },
  ];
  assert.equal(noticeAddresses({ mail: 'alice@home.example.net' }, enrolled), ['alice@home.example.net']);
  assert.equal(noticeAddresses({ mail: 'alice@office.example' }, enrolled), ['Alice@Home.example.net', 'alice@office.example']);
  assert.equal(noticeAddresses({ mail: null }, []), []);
});

test('an account without a home is local', () => {
  assert.ok(isLocal({ home: null } as Parameters<typeof isLocal>[0]));
  assert.not.ok(isLocal({ home: 'office' } as Parameters<typeof isLocal>[0]));
});

test.run();
