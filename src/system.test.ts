/** The real chance and the real scrypt: strong enough, bounded, and never more than two at once. */

import Scrypt from 'scrypt-kdf';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRefusal, type Refusal } from './rules/refusal.ts';
import { createSlowHash, standardCost, systemClock, systemRandom } from './system.ts';

const test = suite('the system');
const cheap = { logN: 4, r: 8, p: 1 };

async function hashed(slowHash: ReturnType<typeof createSlowHash>, secret: string): Promise<string> {
  const hash = await slowHash.hash(secret);
  if (isRefusal(hash)) throw new Error(hash.key);
  return hash;
}

test('costs at least what ASVS 5.0 appendix C asks of scrypt, and says so in the hash', async () => {
  const { logN, r, p } = Scrypt.viewParams(Buffer.from(await hashed(createSlowHash('pepper'), 'secret'), 'base64'));
  assert.ok(2 ** logN >= 2 ** 15 && r >= 8 && p >= 3);
  assert.equal({ logN, r, p }, { ...standardCost });
});

test('the right secret is right, and nothing else is', async () => {
  const slowHash = createSlowHash('pepper', cheap);
  const hash = await hashed(slowHash, 'sécret 😀');
  assert.equal(await slowHash.verify('sécret 😀', hash), { isRight: true, isOutdated: false });
  for (const wrong of ['', 'secret', 'sécret 😀 ', 'se\u0301cret 😀', 'SÉCRET 😀'])
    assert.equal(await slowHash.verify(wrong, hash), { isRight: false, isOutdated: false });
});

test('the same secret twice makes two hashes: each has a salt', async () => {
  const slowHash = createSlowHash('pepper', cheap);
  assert.is.not(await hashed(slowHash, 'secret'), await hashed(slowHash, 'secret'));
});

test('without the key file a stolen hash cannot even be tried', async () => {
  const hash = await hashed(createSlowHash('pepper', cheap), 'secret');
  assert.equal(await createSlowHash('another pepper', cheap).verify('secret', hash), { isRight: false, isOutdated: false });
  assert.is(await Scrypt.verify(Buffer.from(hash, 'base64'), 'secret'), false);
});

test('a stranger is never right, not even with the decoy’s own secret', async () => {
  const slowHash = createSlowHash('pepper', cheap);
  for (const secret of ['decoy', '', 'secret']) assert.equal(await slowHash.verify(secret, null), { isRight: false, isOutdated: false });
});

test('a hash of another cost is right and outdated', async () => {
  const hash = await hashed(createSlowHash('pepper', { ...cheap, logN: 3 }), 'secret');
  assert.equal(await createSlowHash('pepper', cheap).verify('secret', hash), { isRight: true, isOutdated: true });
  const stronger = await hashed(createSlowHash('pepper', { ...cheap, p: 2 }), 'secret');
  assert.equal(await createSlowHash('pepper', cheap).verify('secret', stronger), { isRight: true, isOutdated: true });
});

test('under one salt equal secrets are equal, under another or without the key file they are not', async () => {
  const slowHash = createSlowHash('pepper', cheap);
  const [salt, another] = [slowHash.salt(null), slowHash.salt(null)];
  const once = await slowHash.withSalt('secret', salt);
  assert.is(await slowHash.withSalt('secret', salt), once);
  for (const other of [
    slowHash.withSalt('secret ', salt),
    slowHash.withSalt('secret', another),
    createSlowHash('another pepper', cheap).withSalt('secret', salt),
  ])
    assert.is.not(await other, once);
});

test('a salt is used again while it asks today’s cost; what was hashed under an older one stays comparable', async () => {
  const [before, now] = [createSlowHash('pepper', { ...cheap, logN: 3 }), createSlowHash('pepper', cheap)];
  const old = before.salt(null);
  assert.equal([before.salt(old), now.salt(old) === old, now.salt(old).split('$').slice(0, 3)], [old, false, ['4', '8', '1']]);
  assert.is(await now.withSalt('secret', old), await before.withSalt('secret', old));
});

test('a salt asks as much as any other slow hash, and takes its turn with them', async () => {
  const salt = createSlowHash('pepper').salt(null);
  assert.ok(salt.startsWith(`${standardCost.logN}$${standardCost.r}$${standardCost.p}$`));
  const slowHash = createSlowHash('pepper', cheap);
  const crowd = await Promise.all(Array.from({ length: 67 }, () => slowHash.withSalt('secret', slowHash.salt(null))));
  assert.is(crowd.filter(isRefusal).length, 1);
});

test('two run, 64 wait, and the next is told that the desk is busy; then the place is free again', async () => {
  const slowHash = createSlowHash('pepper', cheap);
  const crowd = await Promise.all(Array.from({ length: 70 }, () => slowHash.hash('secret')));
  const refused = crowd.filter(isRefusal) as Refusal[];
  assert.equal([crowd.length - refused.length, refused.map(({ key }) => key)], [66, Array(4).fill('desk.busy')]);
  assert.not.ok(isRefusal(await slowHash.hash('secret')));
});

test('what fails gives its place back', async () => {
  const slowHash = createSlowHash('pepper', cheap);
  for (let again = 0; again < 5; again += 1) {
    const failed = await slowHash.verify('secret', 'bm90IGEgaGFzaA==').then(
      () => false,
      () => true,
    );
    assert.ok(failed);
  }
  assert.not.ok(isRefusal(await slowHash.hash('secret')));
});

test('at most two are computed at once, in the order of asking', async () => {
  const { kdf } = Scrypt;
  let running = 0;
  let most = 0;
  const slowHash = createSlowHash('pepper', cheap);
  await slowHash.hash('so that the decoy is done');
  Scrypt.kdf = async (...args) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return kdf.apply(Scrypt, args);
  };
  try {
    const done: number[] = [];
    await Promise.all(Array.from({ length: 10 }, (_unused, index) => slowHash.hash(String(index)).then(() => done.push(index))));
    assert.is(most, 2);
    assert.equal(done.slice(0, 2).sort(), [0, 1]);
    assert.is(done.length, 10);
  } finally {
    Scrypt.kdf = kdf;
  }
});

test('tokens hold 256 bits, and digits are digits, all of them', () => {
  assert.match(systemRandom.token(), /^[\w-]{43}$/);
  assert.is(new Set(Array.from({ length: 1000 }, systemRandom.token)).size, 1000);
  const digits = systemRandom.digits(10_000);
  assert.match(digits, /^\d{10000}$/);
  // Each of ten appears 1000 times, give or take six standard deviations (30).
  for (const digit of '0123456789') assert.ok(Math.abs(digits.split(digit).length - 1 - 1000) < 180, digit);
  assert.is(systemRandom.bytes(16).length, 16);
  for (let drawn = 0; drawn < 200; drawn += 1) assert.ok([0, 1, 2].includes(systemRandom.below(3)));
});

test('the clock goes, and sleeping takes as long as it says', async () => {
  const before = systemClock.now();
  await systemClock.sleep(30);
  const slept = systemClock.now() - before;
  assert.ok(slept >= 28 && slept < 5000, `${slept} ms`);
});

test.run();
