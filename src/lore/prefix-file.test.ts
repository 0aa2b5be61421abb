/** The offline list: built out of a public one line by line, refused when it is none, and looked up where it lies. */

import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildPrefixFile } from './build.ts';
import { md4 } from './md4.ts';
import { encodeHead, headBytes, ListProblem, openPrefixFile } from './prefix-file.ts';

const test = suite('the offline list');
const folder = mkdtempSync(join(tmpdir(), 'latchkey-list-'));
const out = join(folder, 'list');
test.after(() => rmSync(folder, { recursive: true }));

const sha1 = (password: string): string => createHash('sha1').update(password).digest('hex').toUpperCase();
const ntHash = (password: string): string => md4(Buffer.from(password, 'utf16le')).toString('hex').toUpperCase();

/** In pieces that end in the middle of lines, as a file comes. */
async function* inPieces(text: string, size = 1000): AsyncGenerator<Buffer> {
  for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size));
}
const build = (text: string, { least = 1, size = 1000 } = {}) => buildPrefixFile({ source: inPieces(text, size), out, least });
const refused = (work: () => unknown): string => {
  try {
    work();
  } catch (problem) {
    if (problem instanceof ListProblem) return problem.message;
    throw problem;
  }
  return 'it was taken';
};

const passwords = Array.from({ length: 5000 }, (_, at) => `password ${at}`);
const lines = passwords.map((password, at) => `${sha1(password)}:${at + 1}`).sort();

test('MD4 as RFC 1320 has it', () => {
  const of = (text: string): string => md4(Buffer.from(text)).toString('hex');
  assert.is(of(''), '31d6cfe0d16ae931b73c59d7e0c089c0');
  assert.is(of('abc'), 'a448017aaf21d8525fc10ae87aa6729d');
  assert.is(of('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'), '043f8582f241db351ce627e153e7f0e4');
  assert.is(of('1234567890'.repeat(8)), 'e33b4ddc9c38f2199c3e7b164fcc0536');
  assert.is(ntHash('password'), '8846F7EAEE8FB117AD06BDD830B7586C', 'the NT hash that everybody knows');
});

test('every listed password is found and no other', async () => {
  for (const [end, size] of [
    ['\r\n', 1000],
    ['\n', 7],
  ] as const) {
    const built = await build(lines.join(end), { size });
    assert.equal([built.kind, built.count, built.read], ['SHA-1', 5000, 5000]);
    const list = openPrefixFile(out);
    assert.ok(passwords.every((password) => list.has(password)));
    assert.is(passwords.filter((password) => list.has(`${password}!`)).length, 0);
    list.close();
  }
});

test('lists of NT hashes, in small digits, and without counts', async () => {
  const built = await build(passwords.map(ntHash).sort().join('\n').toLowerCase());
  assert.is(built.kind, 'NT');
  const list = openPrefixFile(out);
  assert.equal([list.has('password 7'), list.has('password x')], [true, false]);
  list.close();
});

test('what was seen too seldom is left out', async () => {
  assert.is((await build(lines.join('\n'), { least: 4001 })).count, 1000);
  const list = openPrefixFile(out);
  assert.equal([list.has('password 4000'), list.has('password 3999')], [true, false]);
  list.close();
});

test('lists of one, of two pages, and with crowded hashes are searched alike', async () => {
  for (const count of [1, 2, 585, 586, 1171]) {
    await build(lines.slice(0, count).join('\n'));
    const list = openPrefixFile(out);
    const held = new Set(lines.slice(0, count).map((line) => line.slice(0, 40)));
    for (const password of passwords) assert.is(list.has(password), held.has(sha1(password)));
    list.close();
  }
  const crowded = Array.from({ length: 3000 }, (_, at) => at.toString(16).padStart(14, '0').padEnd(40, '0'));
  await build([...crowded, ...lines.filter((line) => line > '1')].join('\n'));
  const list = openPrefixFile(out);
  assert.ok(passwords.filter((password) => sha1(password) > '1').every((password) => list.has(password)));
  list.close();
});

test('what is no such list is told by its line, and leaves what was there', async () => {
  await build(lines.join('\n'));
  const before = readFileSync(out);
  const [first = '', second = ''] = lines;
  const cases: [string, RegExp][] = [
    [`${second}\n${first}`, /^Line 2 is out of order/],
    [`${first}\n${first}`, /^Line 2 is out of order/],
    [`${first}\nhello`, /^Line 2 is not/],
    [`${first}\n${second.slice(0, 32)}:1`, /^Line 2 is not/],
    [`${'g'.repeat(40)}:1`, /^Line 1 is not/],
    [`${first}x`, /^Line 1 is not/],
    ['x'.repeat(5000), /not a list of lines/],
    ['', /nothing in the list/],
    [`${'0'.repeat(40)}:0`, /nothing in the list/],
  ];
  for (const [text, words] of cases) {
    const problem = await build(text).catch((thrown: unknown) => thrown);
    assert.instance(problem, ListProblem, text.slice(0, 60));
    assert.match((problem as Error).message, words);
  }
  assert.equal(readFileSync(out), before);
  assert.equal(readdirSync(folder), ['list']);
});

test('a file that is missing, foreign, cut short or of another version is refused when it is opened', async () => {
  await build(lines.join('\n'));
  const head = encodeHead({ kind: 'SHA-1', width: 7, count: 2 });
  truncateSync(out, headBytes + 7);
  assert.match(
    refused(() => openPrefixFile(out)),
    /not whole/,
  );
  const cases: [Buffer, RegExp][] = [
    [Buffer.from('hello'), /not a list/],
    [Buffer.concat([head, Buffer.alloc(13)]), /not whole/],
    [Buffer.concat([head.fill(9, 8, 9), Buffer.alloc(14)]), /not a list/],
  ];
  for (const [bytes, words] of cases) {
    writeFileSync(out, bytes);
    assert.match(
      refused(() => openPrefixFile(out)),
      words,
    );
  }
  rmSync(out);
  assert.match(
    refused(() => openPrefixFile(out)),
    /cannot be read: ENOENT/,
  );
  assert.not.ok(existsSync(out));
});

test.run();
