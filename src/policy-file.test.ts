/** The policy as a file: whatever is written is read as the same, every row is explained, and no mistake is told alone. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { parse } from 'smol-toml';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readPolicy, writePolicy } from './policy-file.ts';
import { defaultPolicy, type Policy, settings } from './rules/policy.ts';
import type { Setting } from './rules/setting.ts';
import { anyPolicy } from './testing/any-policy.ts';
import en from './text/en.json' with { type: 'json' };

const texts: Readonly<Record<string, string>> = en;
const meaning = (key: string): string => texts[`policy.${key}`] ?? '';
const rows = Object.entries(settings) as [keyof Policy, Setting<unknown>][];
const mistakesIn = (text: string, current: Policy = defaultPolicy): string[] => {
  const read = readPolicy(text, current);
  return 'mistakes' in read ? read.mistakes.map(({ path, reason }) => `${path} ${reason}`) : [];
};

test('what is written is read as the same policy', () => {
  const names = ['staff', 'cn=Help "Desk"\\, inc,ou=groups,dc=example', 'بوابة'];
  fc.assert(
    fc.property(anyPolicy(names), fc.array(fc.string({ minLength: 4, maxLength: 20, unit: 'grapheme' })), (policy, words) => {
      const known = words.filter((word) => settings.password_banned_words.read([word]) !== null);
      const decided = {
        ...policy,
        questions_to_register: 5,
        password_banned_words: known,
        office_name: 'Oak & "Elm" \\ 東',
        profiles: policy.profiles.map((profile) => ({ ...profile, questions_to_register: 5 })),
      };
      const read = readPolicy(writePolicy(decided, meaning), defaultPolicy);
      assert.equal(JSON.parse(JSON.stringify(read)), JSON.parse(JSON.stringify(decided)));
    }),
    { numRuns: 200 },
  );
});

test('every row stands there with its meaning, its default, and what it loosens', () => {
  const written = writePolicy({ ...defaultPolicy, second_gate_when_stronger: false }, meaning);
  const blocks = written.split('\n\n');
  for (const [key, { loosens, isPersonal }] of rows) {
    const block = blocks.find((one) => new RegExp(`^${key} = `, 'm').test(one)) ?? '';
    assert.ok(meaning(key).length > 10 && block.startsWith(`# ${meaning(key)}\n# Default: `), `${key}: policy.${key} in the texts`);
    assert.is(block.includes('# Loosens '), loosens !== undefined, key);
    assert.is(block.includes('A profile may decide it otherwise'), isPersonal === true, key);
  }
  const loosened = blocks.find((one) => one.includes('\nsecond_gate_when_stronger = false')) ?? '';
  assert.match(loosened, 'Loosens OWASP ASVS 6.4.3 and NIST SP 800-63B-4 section 4.2.2.2 at false, as it stands here.');
  assert.equal(JSON.parse(JSON.stringify(parse(written))), { ...defaultPolicy, second_gate_when_stronger: false });
});

test('what a row loosens is marked at the values that loosen it, and at no others', () => {
  const at = (key: keyof Policy, value: unknown): boolean => (settings[key] as Setting<unknown>).loosens?.at(value) ?? false;
  assert.equal([at('methods', ['email']), at('methods', ['email', 'questions'])], [false, true]);
  assert.equal([at('password_minimum', 15), at('password_minimum', 14)], [false, true]);
  assert.equal([at('mail_and_text_are_two', true), at('open_about_accounts', false), at('totp_strict', true)], [true, false, false]);
});

test('all mistakes are told at once, with place and reason', () => {
  const found = mistakesIn(`
    gates = 3
    gate = 1
    writeback = "yes"
    methods = ["email", "pigeon"]
    availability = "all"
    constructor = 1
    [[profiles]]
    name = "Finance"
    groups = []
    gates = "two"
    scope = "nobody"
    snooze_dais = 3
    [[profiles]]
    name = "Finance"
    [scope]
    x = 1
  `);
  assert.equal(found.sort(), [
    'availability must be "administrators only" or "local accounts" or "everyone"',
    'constructor is not a row of the policy',
    'gate is not a row of the policy, did you mean "gates"?',
    'gates must be a whole number from 1 to 2',
    'methods must be a list of some of "email", "sms", "totp", "passkey", "questions", "recovery-code", "pass", "colleague", each once',
    'profiles[0].gates must be a whole number from 1 to 2',
    'profiles[0].groups must name a group',
    'profiles[0].scope is decided for the whole office: no profile can',
    'profiles[0].snooze_dais is not a row of the policy, did you mean "snooze_days"?',
    'profiles[1].groups is missing',
    'profiles[1].name is the name of another profile',
    'scope must be one of "nobody", "groups", "everybody"',
    'writeback must be true or false',
  ]);
  assert.match(mistakesIn('gates = = 2')[0] ?? '', /^line 1, column \d+ is not TOML: /);
  assert.equal(mistakesIn('profiles = 3'), ['profiles must be up to 50 tables [[profiles]], each with a name of its own and its groups']);
  assert.equal(mistakesIn('profiles = [1979-05-27, 3]').length, 3);
});

test('whatever stands in the file, it is a policy or told to be none', () => {
  const value = fc.oneof(
    fc.integer(),
    fc.boolean(),
    fc.string(),
    fc.array(fc.string()),
    fc.constant({ a: 1 }),
    fc.constant([{ name: 'x' }]),
  );
  fc.assert(
    fc.property(fc.constantFrom(...rows.map(([key]) => key), 'availability', 'other'), value, (key, given) => {
      const read = readPolicy(`${key} = ${tomlOf(given)}`, defaultPolicy);
      if ('mistakes' in read) return read.mistakes.length > 0;
      return Object.entries(read).every(([row, one]) => (settings[row as keyof Policy] as Setting<unknown>).read(one) !== null);
    }),
  );
});
const tomlOf = (value: unknown): string =>
  Array.isArray(value)
    ? `[${value.map(tomlOf).join(', ')}]`
    : typeof value === 'object'
      ? `{ ${Object.entries(value ?? {})
          .map(([key, one]) => `${key} = ${tomlOf(one)}`)
          .join(', ')} }`
      : JSON.stringify(value);

test('availability is four rows in one, and not beside them', () => {
  const read = readPolicy('availability = "local accounts"', defaultPolicy);
  const all = ['change', 'reset', 'unlock'];
  assert.equal(read, {
    available_local_administrators: all,
    available_local_people: all,
    available_directory_administrators: [],
    available_directory_people: [],
  });
  for (const wrong of ['["everyone"]', '{ a = 1 }', '1', '""'])
    assert.match(mistakesIn(`availability = ${wrong}`).join(), /^availability must be /, wrong);
  assert.equal(mistakesIn('availability = "everyone"\navailable_local_people = []'), [
    'available_local_people is given beside availability: give one of them',
  ]);
});

test('fewer questions are not registered than are answered, by what is in force together with the file', () => {
  const told = 'questions_to_register must be at least questions_to_answer, which is 4';
  assert.equal(mistakesIn('questions_to_register = 3\nquestions_to_answer = 4'), [told]);
  assert.equal(mistakesIn('questions_to_register = 3', { ...defaultPolicy, questions_to_answer: 4 }), [told]);
  assert.equal(mistakesIn('[[profiles]]\nname = "a"\ngroups = ["a"]\nquestions_to_register = 3\nquestions_to_answer = 4'), [
    `profiles[0].${told}`,
  ]);
  assert.equal(mistakesIn('questions_to_register = 4\nquestions_to_answer = 4'), []);
});

test('the manual names every row', () => {
  const manual = readFileSync(new URL('../docs/policy.md', import.meta.url), 'utf8');
  for (const [key] of rows) assert.ok(manual.includes(`\n- \`${key}\`: `), `docs/policy.md does not name ${key}`);
});

test.run();
