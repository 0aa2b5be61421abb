/** What is sealed cannot be moved, changed or opened by another key; the key file is the administrator's alone. */

import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemRandom } from './system.ts';
import { createVault, KeyProblem, keyFrom, openKeyFile } from './vault.ts';

const folder = mkdtempSync(join(tmpdir(), 'latchkey-vault-'));
const test = suite('the vault');
test.after(() => rmSync(folder, { recursive: true }));

const key = (fill: number) => keyFrom(Buffer.alloc(32, fill).toString('base64'));
const vault = createVault(key(1), systemRandom);

test('opens what it sealed, whatever it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (secret, purpose) => {
      assert.is(vault.open(purpose, vault.seal(purpose, secret)), secret);
    }),
  );
});

test('seals the same secret differently each time, and shows nothing of it', () => {
  const [one, other] = [vault.seal('totp', 'JBSWY3DPEHPK3PXP'), vault.seal('totp', 'JBSWY3DPEHPK3PXP')];
  assert.is.not(one, other);
  assert.not.match(Buffer.from(one.slice(3), 'base64url').toString('latin1'), 'JBSWY3DP');
});

test('a sealed value belongs to its purpose', () => {
  assert.throws(() => vault.open('contact', vault.seal('totp', 'secret')));
});

test('another key opens nothing, and makes other digests', () => {
  const other = createVault(key(2), systemRandom);
  assert.throws(() => other.open('totp', vault.seal('totp', 'secret')));
  assert.is.not(other.digest('token', 'value'), vault.digest('token', 'value'));
});

test('a single changed bit anywhere is found', () => {
  const bytes = Buffer.from(vault.seal('totp', 'secret').slice(3), 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.throws(() => vault.open('totp', `v1.${changed.toString('base64url')}`), undefined, `bit ${bit}`);
  }
});

test('what is cut, empty or of another version is refused', () => {
  const sealed = vault.seal('totp', 'secret');
  for (const bad of ['', 'v1.', 'v1.AAAA', sealed.slice(0, -1), sealed.slice(3), `v2.${sealed.slice(3)}`])
    assert.throws(() => vault.open('totp', bad), undefined, bad);
});

test('a digest is the same for the same, and another for each purpose', () => {
  assert.is(vault.digest('token', 'value'), vault.digest('token', 'value'));
  assert.is.not(vault.digest('token', 'value'), vault.digest('session', 'value'));
  assert.match(vault.digest('token', ''), /^[\w-]{43}$/);
});

test('a key file is made once, for its owner alone, and read again', () => {
  const file = join(folder, 'new', 'latchkey.key');
  const made = openKeyFile(file, systemRandom);
  assert.equal([statSync(file).mode & 0o777, statSync(join(folder, 'new')).mode & 0o777], [0o600, 0o700]);
  assert.equal(openKeyFile(file, systemRandom), made);
  assert.is(made.key.length, 32);
});

test('a key file that others can read is refused, whatever is in it', () => {
  const file = join(folder, 'open.key');
  openKeyFile(file, systemRandom);
  for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610]) {
    chmodSync(file, mode);
    assert.throws(
      () => openKeyFile(file, systemRandom),
      (problem: Error) => problem instanceof KeyProblem && /chmod 600/.test(problem.message),
      mode.toString(8),
    );
  }
});

test('a file that is no key is refused and left as it is', () => {
  for (const text of [
    '',
    'x',
    Buffer.alloc(31).toString('base64'),
    Buffer.alloc(33).toString('base64'),
    Buffer.alloc(32).toString('hex'),
    `${Buffer.alloc(32).toString('base64')}!!`,
  ]) {
    const file = join(folder, 'bad.key');
    writeFileSync(file, text, { mode: 0o600 });
    assert.throws(
      () => openKeyFile(file, systemRandom),
      (problem: Error) => problem instanceof KeyProblem,
      text,
    );
    assert.is(readFileSync(file, 'utf8'), text);
  }
});

test('the name of a key tells which it is, and not what', () => {
  assert.is(key(1).name, key(1).name);
  assert.is.not(key(1).name, key(2).name);
  assert.match(key(1).name, /^[\w-]{16}$/);
  assert.not.ok(key(1).key.toString('base64url').includes(key(1).name));
});

test.run();
