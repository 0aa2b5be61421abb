/** What the portals say of the house as a whole. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { frontDoor } from './front-door.ts';
import { portalsOf } from './portals.ts';
import { Refusal } from './rules/refusal.ts';
import { syncDirectory } from './sync/sync.ts';
import { refusing, unreachable } from './testing/faults.ts';
import { testWorld } from './testing/world.ts';

const test = suite('portals');

test('a directory that rejects the service account serves nobody: the doors and the readiness say so', async () => {
  const world = await testWorld();
  const roles = { administrators: [], helpdesk: [], auditors: [] };
  const sync = syncDirectory({ ...world, roles, maxDisablePercent: 10 });
  const { reasons } = portalsOf({ ...world, world, sync, config: { publicUrl: world.publicUrl, mail: null } });
  const { areAllAway } = frontDoor(world);
  assert.equal([reasons(), areAllAway()], [[], false]);
  world.directory.faults.set('health', unreachable);
  assert.equal([reasons(), areAllAway()], [['directory office does not answer'], true]);
  const raw = 'ldaps://office: service account: 49 secret words';
  world.directory.faults.set('health', refusing(new Refusal('directory.no-permission', { raw })));
  assert.ok(world.directory.health().isReachable);
  assert.equal([reasons(), areAllAway()], [['directory office answers, but cannot be used: directory.no-permission'], true]);
});

test.run();
