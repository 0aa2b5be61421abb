/** What a new password must be: every broken rule at once, in characters as people count them, by MS-SAMR where a directory is complex. */

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { brokenRules, type DirectoryRules, longestPassword, noDirectoryRules, prepared, rulesFor, type Subject } from './password.ts';
import { defaultPolicy } from './policy.ts';

const jane: Subject = { login: 'jdoe', name: 'Jane Doe-Smith, Dr. Al', isLocal: false };
const complex: DirectoryRules = { ...noDirectoryRules, isComplex: true };
const broken = (password: string, { subject = jane, directory = noDirectoryRules } = {}) =>
  brokenRules(password, subject, rulesFor(subject, defaultPolicy, directory)).map(({ key }) => key);
const without = (...keys: string[]) => ({
  of: (password: string, directory = complex) => broken(password, { directory }).filter((key) => !keys.includes(key)),
});

test('the greater minimum binds, the own or the directory’s', () => {
  const least = (subject: Subject, directory: DirectoryRules) =>
    rulesFor(subject, defaultPolicy, directory).find(({ key }) => key === 'length')?.params.least;
  assert.is(least(jane, noDirectoryRules), 12);
  assert.is(least(jane, { ...noDirectoryRules, minimumLength: 8 }), 12);
  assert.is(least(jane, { ...noDirectoryRules, minimumLength: 20 }), 20);
  assert.is(least({ ...jane, isLocal: true }, noDirectoryRules), 15);
});

test('complexity and history are listed where the directory has them, and only what can be judged is judged', () => {
  const keys = rulesFor(jane, defaultPolicy, { ...complex, history: 5 }).map(({ key, isLive }) => `${key} ${isLive}`);
  assert.equal(keys, ['length true', 'login true', 'name true', 'office true', 'classes true', 'known false', 'history false']);
  assert.equal(broken('Correct horse 7 battery!', { directory: { ...complex, history: 5 } }), []);
});

test('length counts characters: neither bytes nor halves of an emoji', () => {
  assert.equal(broken('äöüßäöüßäöü'), ['length']);
  assert.equal(broken('äöüßäöüßäöüß'), []);
  assert.equal(broken('😀'.repeat(11)), ['length']);
  assert.equal(broken('😀'.repeat(12)), []);
});

test('composed and decomposed are the same password', () => {
  assert.is(prepared('u\u0308bermut'), prepared('\u00fcbermut'));
  assert.equal(broken('e\u0301'.repeat(11)), ['length']);
  assert.is.not(prepared('ﬁsh'), prepared('fish'), 'NFC changes no letter into others');
});

test('all broken rules come at once, in the order shown', () => {
  assert.equal(broken('jdoe', { directory: complex }), ['length', 'login', 'name', 'classes']);
});

test('the login is found in any case, unless it is too short to matter', () => {
  assert.equal(broken('I am JDoe and strong'), ['login']);
  assert.equal(broken('everything is al', { subject: { ...jane, login: 'al' } }), []);
});

test('where the directory is complex, its own names count beside those of the account, and are shown alike', () => {
  const names = { login: 'j.dmitri', name: "O'Brien, Zoë" };
  const directory = { ...complex, names };
  assert.equal(without('classes').of('11 J.Dmitri 11 !! XX', directory), ['login']);
  for (const part of ['brien', 'ZOË']) assert.equal(without('classes').of(`11 ${part} 11 !! 11 XX`, directory), ['name'], part);
  assert.equal(without('classes').of('11 jdoe 11 !! 11 XX', directory), ['login', 'name'], 'still');
  assert.equal(without('classes').of('11 zoë j.dmitri !! XX', { ...directory, isComplex: false }), [], 'nothing else forbids them');
  const shown = rulesFor({ ...jane, name: '' }, defaultPolicy, directory).filter(({ key }) => key === 'login' || key === 'name');
  assert.equal(
    shown.map(({ parts, isLive }) => [parts, isLive]),
    [
      [['jdoe', 'j.dmitri'], true],
      [['brien', 'zoë'], true],
    ],
  );
  const spaced = rulesFor(jane, defaultPolicy, { ...complex, names: { login: 'two words', name: '' } });
  assert.equal(spaced.find(({ key }) => key === 'login')?.parts, ['jdoe']);
});

test('parts of a name of four and more characters count, in any disguise; of three where the directory is complex', () => {
  for (const part of ['jane', 'DOE', 'smith']) assert.equal(without('classes').of(`11 ${part} 11 !! 11 XX`), ['name'], part);
  for (const short of ['Dr', 'Al']) assert.equal(without('classes').of(`11 ${short} 11 !! 11 XX`), [], short);
  assert.equal([broken('11 J@NE 11 !! 11 XX'), broken('11 d0e 11 !! 11 XX')], [['name'], []]);
  const poll: Subject = { login: 'anna.poll', name: 'Poll', isLocal: false };
  assert.equal(broken('p0LL23fbxyzw', { subject: poll }), ['login', 'name'], 'the documented example');
});

test('the office’s name in a password is refused', () => {
  const rules = rulesFor(jane, { ...defaultPolicy, office_name: 'The Contoso Group of K9' }, noDirectoryRules);
  const of = (password: string) => brokenRules(password, jane, rules).map(({ key }) => key);
  assert.equal([of('my C0nt0$o is long'), of('gr0up of elephants')], [['office'], ['office']]);
  assert.equal(of('the elephants of K9'), [], 'parts of three letters are not looked for');
});

test('three classes of five', () => {
  const classes = (password: string) => broken(password, { directory: complex }).includes('classes') === false;
  assert.ok(classes('Abcdefghijkl1'), 'upper, lower, digit');
  assert.ok(classes('abcdefghijkl1!'), 'lower, digit, sign');
  assert.ok(classes('Ünïcödé äöü 1'), 'letters with marks have case');
  assert.ok(classes('パスワードabc1234'), 'letters without case are a class');
  assert.ok(classes('ΑΒΓαβγδεζηθ1'), 'Greek');
  assert.not.ok(classes('abcdefghijkl1'), 'lower and digit');
  assert.not.ok(classes('abcdefghijkl 1'), 'a space is no sign');
  assert.not.ok(classes('abcdefghijkl€1'), 'nor is a currency');
  assert.not.ok(classes('パスワードパスワードパスワ1'), 'one script and a digit');
  assert.not.ok(classes('abcdefghijkl١٢'), 'digits are 0 to 9');
});

test('every sign of ASCII is a sign', () => {
  for (const sign of '~!@#$%^&*_-+=`|\\(){}[]:;"\'<>,.?/') assert.equal(broken(`abcdefghijkl1${sign}`, { directory: complex }), [], sign);
});

test('what cannot be typed everywhere is refused: control characters and broken signs', () => {
  for (const bad of ['\t', '\n', '\0', '\u007f', '\u0085', '\ud800', '\udc00x'])
    assert.equal(broken(`a good long one${bad}`), ['characters'], JSON.stringify(bad));
  assert.equal(broken(' leading and trailing '), [], 'spaces are welcome');
});

test('the longest is a number of characters too', () => {
  assert.equal(broken('😀'.repeat(longestPassword)), []);
  assert.equal(broken('x'.repeat(longestPassword + 1)), ['longest']);
});

test('a directory may take fewer, and says so before one types', () => {
  const directory = { ...noDirectoryRules, maximumLength: 20 };
  assert.equal(rulesFor(jane, defaultPolicy, directory)[1], { key: 'longest', params: { most: 20 }, isLive: true });
  assert.equal(broken('twenty letters and 1', { directory }), []);
  assert.equal(broken('twenty letters and 12', { directory }), ['longest']);
  assert.equal(
    rulesFor(jane, defaultPolicy, { ...directory, maximumLength: 4000 }).map(({ key }) => key),
    rulesFor(jane, defaultPolicy, noDirectoryRules).map(({ key }) => key),
    'more than Latchkey takes is no rule',
  );
});

test('what takes long to compose is refused without being composed', () => {
  const marks = `a${'\u0301\u0323'.repeat(30_000)}`;
  const before = process.cpuUsage();
  assert.equal([broken(marks), prepared(marks) === marks], [['longest', 'characters'], true]);
  assert.equal(broken(`a long good one ${'\u0301'.repeat(11)}`), ['characters']);
  assert.equal(broken(`a long good one e${'\u0301'.repeat(10)}`), []);
  assert.ok(process.cpuUsage(before).user / 1000 < 500, 'composing it would take seconds');
});

test('no text makes the judge stumble, and how it is composed changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (password) => {
      assert.equal(broken(password, { directory: complex }), broken(password.normalize('NFD'), { directory: complex }));
    }),
  );
});

test.run();
