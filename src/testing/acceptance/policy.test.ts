// needs: slapd ldap-utils
/** The policy as a file, and a pass from the console, beside a Latchkey that serves: what was decided binds the very next request. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from '../eventually.ts';
import { openRealHouse, type Person, type RealHouse } from '../house.ts';
import { choosePassword, comeBack } from '../way-back.ts';

const person = (login: string): Person => ({
  login,
  name: `${login} of the office`,
  password: `first words of ${login.length} years`,
  address: `${login}@home.example.net`,
});
const [anna, ben] = [person('anna'), person('ben')];

const test = suite<{ house: RealHouse }>('policy');
test.before(async (room) => {
  room.house = await openRealHouse();
  await room.house.admit([anna, ben]);
  await room.house.serve();
});
test.after(({ house }) => house.close());

const importing = (house: RealHouse, toml: string, ...more: string[]) => {
  const file = join(house.folder, 'policy.toml');
  writeFileSync(file, toml);
  return house.command(['policy', 'import', file, ...more]);
};

test('what is exported is imported without a change', async ({ house }) => {
  const exported = await house.command(['policy', 'export']);
  assert.is(exported.code, 0, exported.stderr);
  assert.match(exported.stdout, /^# Ask for two gates whoever .*\n# Default: true\.\n# Loosens OWASP ASVS 6\.4\.3/m);
  const same = await importing(house, exported.stdout);
  assert.equal([same.code, same.stdout], [0, 'Nothing is different from what is in force.\n'], same.stderr);
});

test('every mistake at once, and nothing is changed', async ({ house }) => {
  const wrong = await importing(house, 'gates = 2\nwritebak = false\nscope = "some"\n');
  assert.is(wrong.code, 2);
  assert.match(wrong.stderr, /writebak is not a row of the policy, did you mean "writeback"\?\nscope must be one of/);
  assert.match((await house.command(['policy', 'export'])).stdout, /^gates = 1$/m);
  assert.match((await house.command(['policy', 'import', '/no/such/file'])).stderr, /cannot be read: ENOENT/);
});

test('what it does to people is told before; a second gate binds whoever stands at the last page, and a pass opens it', async ({
  house,
}) => {
  const browser = await comeBack(house, anna);
  const dry = await importing(house, 'gates = 2\n', '--dry-run');
  assert.is(
    dry.stdout,
    'gates: 1 -> 2\nOf 2 people who are not disabled, 2 would lose reset, and 0 would gain it.\nwould lose it: anna@office, ben@office\nThis was a dry run: nothing was changed.\n',
  );
  assert.match(browser.text(), /password/i);
  const made = await importing(house, 'gates = 2\n');
  assert.is(made.code, 0, made.stderr);
  await choosePassword(browser, 'a wholly new sentence');
  assert.ok(await house.opens(anna, anna.password), 'the old password is in force');
  assert.not.ok(await house.opens(anna, 'a wholly new sentence'));

  const explained = await house.command(['check', '--account', 'anna']);
  assert.match(explained.stdout, /FAIL {2}anna: methods: no, 1 of 2 \(E-mail code\)/);

  const without = await house.command(['admin', 'pass', 'anna']);
  assert.equal([without.code, without.stdout], [2, '']);
  const given = await house.command(['admin', 'pass', 'anna', '--reason', 'lost the telephone', '--minutes', '30', '--length', '16']);
  assert.match(given.stdout, /^[0-9a-z]{16}\n$/, given.stderr);
  const pass = given.stdout.trim();
  const second = await comeBack(house, anna);
  await second.submit({ method: 'pass' });
  await second.submit({ answer: pass });
  assert.is((await choosePassword(second, 'a wholly new sentence')).heading(), 'Your new password is set');
  assert.ok(await house.opens(anna, 'a wholly new sentence'));
  const mails = await eventually('nobody is told of the pass', () => {
    const told = house.mailsTo(anna.address).filter((mail) => mail.includes('a temporary pass was made'));
    return told.length > 0 && told;
  });
  assert.is(mails.length, 1);
  assert.not.ok(mails.join().includes(pass));

  const { stdout } = await house.command(['journal', 'export']);
  const rows = stdout.split('\n').filter((line) => /"event":"(policy change|pass issued)"/.test(line));
  assert.equal(
    rows.map((row) => JSON.parse(row)).map(({ event, detail, actor, account, raw }) => [event, detail, actor, account, raw]),
    [
      ['policy change', 'gates', 'console', null, '{"from":1,"to":2}'],
      ['pass issued', 'once', 'console', 'anna', 'lost the telephone'],
    ],
  );
  assert.not.ok(stdout.includes(pass));
});

test.run();
