/** The demo office over a restart, and as data: who is in it and what is kept of them. */

import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemRandom } from '../../system.ts';
import { opens } from '../../testing/demo-bench.ts';
import { testDemo } from '../../testing/demo-directory.ts';
import { demoOffice, demoPolicy } from './office.ts';

const test = suite('the demo office');
const folder = mkdtempSync(join(tmpdir(), 'latchkey-office-'));
test.after(() => rmSync(folder, { recursive: true }));

test('everybody has a first password of their own that the policy takes, new at every start', () => {
  const [one, other] = [demoOffice(systemRandom), demoOffice(systemRandom)];
  const passwords = [...one.people, ...other.people].map(({ password }) => password);
  assert.is(new Set(passwords).size, passwords.length);
  for (const { login, password } of one.people) {
    assert.ok(password.length >= demoPolicy.minimumLength && !password.includes(login), `${login}: ${password}`);
    assert.match(password, /^[a-z]+-[a-z]+-[a-z]+-\d{4}$/);
  }
});

test('the cast is there, in its groups, and nobody is named twice or missing', () => {
  const { people, groups } = demoOffice(systemRandom);
  const logins = people.map(({ login }) => login);
  for (const login of 'alice bob carol dave heidi oscar mallory peggy trent'.split(' ')) assert.ok(logins.includes(login), login);
  assert.is(new Set(logins).size, logins.length);
  for (const { people: members } of groups) for (const member of members) assert.ok(logins.includes(member), member);
  const membersOf = (name: string) => groups.find((group) => group.name === name)?.people;
  assert.equal(
    [membersOf('administrators'), membersOf('helpdesk'), membersOf('auditors'), membersOf('protected')],
    [['carol'], ['heidi'], ['oscar'], ['trent']],
  );
  assert.not(membersOf('staff')?.includes('dave'));
});

test('a restart keeps ids and changed passwords; the new first passwords are then not in force', async () => {
  const stateFile = join(folder, 'demo.json');
  const first = await testDemo({ stateFile });
  assert.ok(first.isNew('alice'));
  const ids = () => readFileSync(stateFile, 'utf8').match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g);
  const before = ids();
  await first.administrator.lock('bob', 'administrator');
  assert.ok(await opens(first, 'alice', first.passwordOf('alice')));
  await first.close();

  const second = await testDemo({ stateFile });
  assert.not(second.isNew('alice'));
  assert.ok(await opens(second, 'alice', first.passwordOf('alice')));
  assert.not(await opens(second, 'alice', second.passwordOf('alice')));
  assert.ok(second.administrator.isLocked('bob'));
  assert.equal(ids(), before);
  assert.ok((before?.length ?? 0) > 30);
  assert.is.not(second.servicePassword, first.servicePassword);
  await second.close();
});

test('the state is readable by its owner only, and holds no password in any form that opens', async () => {
  const stateFile = join(folder, 'secret.json');
  const demo = await testDemo({ stateFile });
  await demo.close();
  const text = readFileSync(stateFile, 'utf8');
  assert.is(statSync(stateFile).mode & 0o777, 0o600);
  for (const { password } of demo.office.people)
    assert.not(text.includes(password) || text.includes(Buffer.from(password).toString('base64')));
  assert.not(text.includes(demo.servicePassword));
  chmodSync(stateFile, 0o644);
  const again = await testDemo({ stateFile });
  await again.administrator.markMustChange('alice');
  await again.close();
  assert.is(statSync(stateFile).mode & 0o777, 0o600);
});

test('a state of another kind is refused, not overwritten', async () => {
  const stateFile = join(folder, 'foreign.json');
  writeFileSync(stateFile, '{"version":99,"entries":{}}');
  const message = await testDemo({ stateFile }).then(
    () => 'started',
    (error: Error) => error.message,
  );
  assert.match(message, /foreign\.json is no state of the demo directory/);
  assert.is(readFileSync(stateFile, 'utf8'), '{"version":99,"entries":{}}');
});

test('a taken port is an error; a taken next port is stepped over', async () => {
  const demo = await testDemo();
  const port = Number(new URL(demo.plainUrl).port);
  const code = await testDemo({ ldapPort: port }).then(
    () => 'started',
    (error: NodeJS.ErrnoException) => error.code,
  );
  assert.is(code, 'EADDRINUSE');
  await demo.close();
  const taken = createServer();
  const isTaken = await new Promise((resolve) =>
    taken.listen(port + 1, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false)),
  );
  const stepped = await testDemo({ ldapPort: port });
  assert.ok(isTaken === false || Number(new URL(stepped.secureUrl).port) > port + 1);
  await stepped.close();
  taken.close();
});

test.run();
