/** The doctor is content with the demo directory, and what it tries there changes nothing: a lock stays, and so does a mark. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRefusal } from '../../rules/refusal.ts';
import { systemClock } from '../../system.ts';
import { demoConfig } from '../../testing/demo-bench.ts';
import { testDemo } from '../../testing/demo-directory.ts';
import { accountOf, noLog } from '../../testing/slapd-bench.ts';
import { openDirectory } from '../directory.ts';

const test = suite('the doctor, at the demo directory');

test('finds all well with everybody, and changes nothing of anybody', async () => {
  const demo = await testDemo();
  const directory = openDirectory(demoConfig(demo), { clock: systemClock, log: noLog });
  try {
    for (const login of [null, 'alice', 'mallory', 'peggy']) {
      const found = await directory.find(login ?? 'alice');
      assert.ok(found !== null && !isRefusal(found));
      const passwords = directory.passwords(accountOf({ ...found, home: 'demo' }));
      const before = await passwords.status();
      const amiss = (await directory.examine(login)).filter(({ verdict }) => verdict !== 'well');
      assert.equal(amiss, [], login ?? 'anybody');
      assert.equal(await passwords.status(), before);
      if (login === 'mallory') assert.ok(!isRefusal(before) && before.lock === 'lockout');
      if (login === 'peggy') assert.ok(!isRefusal(before) && before.mustChange);
    }
    const guarded = await directory.examine('trent');
    assert.ok(guarded.some(({ key, verdict }) => key === 'account.protected' && verdict === 'warning'));
    assert.not.ok(
      guarded.some(({ key }) => key.startsWith('rights.')),
      'nothing is tried on a protected account',
    );
  } finally {
    await directory.close();
    await demo.close();
  }
});

test.run();
