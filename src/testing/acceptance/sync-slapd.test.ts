/** A large office on a real slapd: read in a thread of its own, then only what changed; stopped, killed and braked, and whole again with the next run. */
// needs: slapd ldap-utils

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { House } from '../../app.ts';
import { isRefusal } from '../../rules/refusal.ts';
import { minute } from '../../rules/time.ts';
import { databaseFile, openDatabase } from '../../store/database.ts';
import { openRealHouse, type RealHouse } from '../house.ts';
import { eventually } from '../eventually.ts';
import { ldifOfOffice } from '../large-office.ts';
import { account, directoryOf, isWhole, read, refusal } from '../reading-office.ts';
import { timeAgo } from '../slapd-bench.ts';

const base = 'dc=latchkey,dc=test';
const size = 5000;

const test = suite<{ office: RealHouse; house: House }>('a large office');
const change = (login: string, ...lines: string[]): string =>
  `dn: uid=${login},ou=people,${base}\nchangetype: modify\n${lines.join('\n')}\n\n`;
test.before(async (room) => {
  room.office = await openRealHouse({ slapd: { ldif: ldifOfOffice({ people: size, groups: 200, base }) }, timeoutSeconds: 30 });
});
test.after(async ({ office }) => office.close());

/** Runs beside whatever else does, and is closed again. */
const inside = (name: string, work: (house: House, office: RealHouse) => Promise<void>): void =>
  test(name, ({ office }) => office.inside((house) => work(house, office)));

inside('it comes in by a thread of its own, nested groups and all, while this one has its turn', async (house) => {
  const seen: number[] = [];
  let [longest, last] = [0, performance.now()];
  const watch = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  const begun = performance.now();
  const report = await read(house, { onProgress: ({ step, done }) => void (step === 'reading' && seen.push(done)) });
  const took = performance.now() - begun;
  clearInterval(watch);
  assert.equal([report.extent, report.read, report.added, report.oddities], ['everybody', size, size, []]);
  assert.is(seen.at(-1), size);
  assert.ok(longest < took / 2, `nothing else went on for ${longest.toFixed(0)} of ${took.toFixed(0)} ms`);
  const { groups, dn } = account(house, 'p17');
  assert.equal(
    [...groups].sort(),
    ['department 17', 'department 8', 'division 0', 'division 1', 'team 122', 'team 17'].map((name) => `cn=${name},ou=groups,${base}`),
  );
  assert.is(dn, `uid=p17,ou=people,${base}`);
  const [run] = house.world.syncRuns.latest('office', 1);
  assert.equal([run?.added, run?.kept, house.world.syncRuns.changes(run?.id ?? 0, { from: 0, count: 1 })[0]?.kind], [size, size, 'add']);
});

inside('a hundred changes are read as a hundred changes', async (house, { slapd }) => {
  const changed = Array.from({ length: 100 }, (_, number) => change(`p${number * 7}`, 'replace: mobile', `mobile: +44 20 ${number}`));
  await slapd.modify(changed.join(''));
  const report = await read(house);
  assert.equal([report.extent, report.read, report.updated, report.added + report.disabled], ['changes', 100, 100, 0]);
  assert.equal(report.changes[0], { kind: 'update', login: report.changes[0]?.login, fields: ['mobile'] });
  assert.is(account(house, 'p7').mobile, '+44 20 1');
  assert.is((await read(house)).updated, 0, 'the last hour is read again, and is as it was');
  await isWhole(house);
});

inside('a wrong password is a change that changes nothing', async (house, { slapd }) => {
  await slapd.modify(change('p3000', 'replace: userPassword', 'userPassword: Quiet lantern meadow 3'));
  await read(house);
  assert.not.ok(await slapd.opens(`uid=p3000,ou=people,${base}`, 'A wrong password 1'));
  const { extent, updated } = await read(house);
  assert.equal([extent, updated], ['changes', 0]);
});

inside('who is renamed or moved stays who they are, and loses what listed them by their old name', async (house, { slapd }) => {
  const before = account(house, 'p41');
  const away = `ou=away,ou=people,${base}`;
  await slapd.add(`dn: ${away}\nobjectClass: organizationalUnit\nou: away\n`);
  assert.is((await read(house)).extent, 'everybody', 'a new folder may have brought people along');
  await slapd.modify(`dn: uid=p41,ou=people,${base}\nchangetype: modrdn\nnewrdn: uid=moved\ndeleteoldrdn: 1\nnewsuperior: ${away}\n`);
  const report = await read(house);
  assert.equal([report.extent, report.added, report.disabled], ['changes', 0, 0]);
  const after = account(house, 'moved');
  assert.equal([after.id, after.remoteId, after.dn, after.groups], [before.id, before.remoteId, `uid=moved,${away}`, []]);
  assert.equal(report.changes, [{ kind: 'update', login: 'moved', fields: ['login', 'dn', 'groups'] }]);
  await isWhole(house);
});

inside(
  'a group that changes is read with all others; whoever comes then has the groups that listed them already',
  async (house, { slapd }) => {
    const group = `dn: cn=team 5,ou=groups,${base}\nchangetype: modify`;
    await slapd.modify(`${group}\nadd: member\nmember: uid=p9,ou=people,${base}\nmember: uid=newcomer,ou=people,${base}\n`);
    const report = await read(house);
    assert.equal([report.extent, report.changes], ['everybody', [{ kind: 'update', login: 'p9', fields: ['groups'] }]]);
    assert.ok(account(house, 'p9').groups.includes(`cn=team 5,ou=groups,${base}`));
    await slapd.add(
      `dn: uid=newcomer,ou=people,${base}\nobjectClass: inetOrgPerson\nuid: newcomer\ncn: New Comer\nsn: Comer\nuserPassword: Quiet meadow lantern 8\n`,
    );
    const next = await read(house);
    assert.equal([next.extent, next.changes], ['changes', [{ kind: 'add', login: 'newcomer', fields: [] }]]);
    assert.ok(account(house, 'newcomer').groups.includes(`cn=department 5,ou=groups,${base}`), 'the nested ones, too');
    await isWhole(house);
  },
);

inside('who is switched off, or whose time is over, is disabled; who comes back is enabled', async (house, { slapd }) => {
  await slapd.force(change('p50', 'replace: pwdEndTime', `pwdEndTime: ${timeAgo(minute)}`));
  assert.equal((await read(house)).changes, [{ kind: 'update', login: 'p50', fields: ['isDisabled'] }]);
  await slapd.force(change('p50', 'replace: pwdEndTime'));
  assert.equal((await read(house)).changes, [{ kind: 'update', login: 'p50', fields: ['isDisabled'] }]);
  assert.not.ok(account(house, 'p50').isDisabled);
});

inside('who is gone, or a group that is, shows as soon as all are looked for', async (house, { slapd }) => {
  await slapd.modify([60, 61, 62].map((number) => `dn: uid=p${number},ou=people,${base}\nchangetype: delete\n\n`).join(''));
  const blind = await read(house);
  assert.equal([blind.extent, blind.disabled], ['changes', 0]);
  const report = await read(house, { extent: 'changes and ids' });
  assert.equal([report.extent, report.disabled], ['changes and ids', 3]);
  assert.ok(account(house, 'p61').isDisabled);
  await slapd.modify(`dn: cn=team 7,ou=groups,${base}\nchangetype: delete\n`);
  assert.is((await read(house)).updated, 0);
  const groups = await read(house, { extent: 'changes and ids' });
  assert.is(groups.extent, 'everybody');
  assert.ok(groups.updated > 50 && groups.changes.every(({ fields }) => fields.join() === 'groups'));
  await isWhole(house);
});

inside(
  'what would shut out more than the share changes nothing and says so, until somebody has seen the number',
  async (house, { slapd }) => {
    const shut = Array.from({ length: 600 }, (_, number) =>
      change(`p${1000 + number}`, 'replace: pwdEndTime', `pwdEndTime: ${timeAgo(minute)}`),
    );
    await slapd.force(shut.join(''));
    const before = house.world.accounts.count().enabled;
    const brake = await refusal(house);
    assert.equal([brake.key, brake.params], ['sync.brake', { count: 600, enabled: before, most: Math.floor(before / 10) }]);
    assert.is((await refusal(house)).key, 'sync.brake');
    assert.equal([house.world.accounts.count().enabled, house.world.syncRuns.latest('office', 1)[0]?.extent], [before, 'everybody']);
    assert.is((await refusal(house, { mayDisable: 599 })).key, 'sync.brake');
    assert.is((await read(house, { mayDisable: 600 })).updated, 600);
    assert.is(house.world.accounts.count().enabled, before - 600);
    await slapd.force(shut.map((lines) => lines.replace(/\npwdEndTime: .*/, '')).join(''));
    assert.is((await read(house)).updated, 600, 'letting in again needs no brake');
  },
);

test('the command shows how it went, and runs beside a server', async ({ office }) => {
  const served = await office.serve();
  // A server that has never read reads as soon as it serves, and nobody reads beside it.
  const { code, stdout } = await eventually('the server goes on reading', async () => {
    const ran = await office.command(['sync', '--full']);
    return !/under way already/.test(ran.stdout) && ran;
  });
  await served.end('SIGTERM');
  assert.match(stdout, /^office: 499\d read, 0 added, 0 changed, 0 disabled, 499\d unchanged$/m);
  assert.is(code, 0);
});

test.run();

/** An office of its own for what is done to it. */
async function apart(ldif: string, isLimited: boolean, work: (office: RealHouse) => Promise<void>): Promise<void> {
  const office = await openRealHouse({ slapd: { ldif, isLimited }, timeoutSeconds: 30 });
  try {
    await work(office);
  } finally {
    await office.close();
  }
}
const stopped = suite('a reading that is stopped');

stopped('a size limit in the middle changes nothing', () =>
  apart(ldifOfOffice({ people: 2500, groups: 0, base }), true, (office) =>
    office.inside(async (house) => {
      const limit = await refusal(house);
      assert.match(limit.raw ?? '', /: 4( |$)/);
      const reading = await directoryOf(house).reading();
      assert.not.ok(isRefusal(reading));
      if (isRefusal(reading)) return;
      const ends = async (pages: AsyncIterable<unknown>): Promise<unknown> => {
        try {
          for await (const _ of pages);
          return null;
        } catch (problem) {
          return problem;
        }
      };
      for (const end of [await ends(reading.ids()), await ends(reading.people())])
        assert.ok(isRefusal(end) && / 4( |$)/.test(end.raw ?? ''));
      reading.close();
      assert.equal([house.world.accounts.count().all, house.world.syncRuns.lastGood('office')], [0, null]);
    }),
  ),
);

stopped('the house closes at once, and the next one may read at once', () =>
  apart(ldifOfOffice({ people: 20_000, groups: 0, base }), false, async (office) => {
    let reading: Promise<unknown> = Promise.resolve();
    let begun = 0;
    await office.inside(async (house) => {
      await new Promise<void>((far) => {
        reading = house.sync(directoryOf(house), { onProgress: ({ done }) => done > 5000 && far() }).catch((error: unknown) => error);
      });
      begun = performance.now();
    });
    const took = performance.now() - begun;
    assert.ok(took < 10_000, `closing took ${took.toFixed(0)} ms`);
    assert.match(String(await reading), 'Latchkey was closed');
    await office.inside(async (house) => {
      assert.is(house.world.accounts.count().all, 0);
      assert.is((await read(house)).added, 20_000);
    });
  }),
);

stopped('what a killed process had written of it is finished by the next run', () =>
  apart(ldifOfOffice({ people: 20_000, groups: 0, base }), false, async (office) => {
    const served = await office.serve();
    const db = openDatabase(databaseFile(office.data)).$client;
    const count = db.prepare('SELECT count(*) FROM account').pluck();
    for (const end = Date.now() + 120_000; count.get() === 0; ) {
      if (Date.now() > end) throw new Error('nothing was written');
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    db.exec('BEGIN IMMEDIATE'); // whoever writes now waits
    await served.end('SIGKILL');
    db.exec('ROLLBACK');
    const written = count.get() as number;
    assert.ok(written > 0 && written < 20_000, `${written} were written`);
    db.close();
    await office.inside(async (house) => {
      assert.is((await refusal(house)).key, 'sync.running');
      const turn = JSON.parse(house.world.settings.note('sync turn office') ?? 'null') as { beatAt: number };
      house.world.settings.setNote('sync turn office', JSON.stringify({ ...turn, beatAt: turn.beatAt - 3 * minute }));
      const report = await read(house);
      assert.equal([report.extent, report.added], ['everybody', 20_000 - written]);
      await isWhole(house);
    });
  }),
);

stopped.run();

/** What may happen to one person or one group, as LDIF; some of it a server refuses, for it is not there, or there already. */
const person = (number: number): string => `uid=p${number},ou=people,${base}`;
const anyNumber = fc.nat(40);
const anyEdit = fc.oneof(
  fc
    .tuple(anyNumber, fc.constantFrom('cn: Anna', 'cn: Ben', 'mail: a@example.org', 'mobile: 1'))
    .map(([number, line]) => change(`p${number}`, `replace: ${line.split(':')[0]}`, line)),
  fc.tuple(anyNumber, anyNumber).map(([number, other]) => change(`p${number}`, 'add: uid', `uid: p${other}`)),
  fc.tuple(anyNumber, anyNumber).map(([from, to]) => `dn: ${person(from)}\nchangetype: modrdn\nnewrdn: uid=p${to}\ndeleteoldrdn: 1\n\n`),
  anyNumber.map((number) => `dn: ${person(number)}\nchangetype: delete\n\n`),
  anyNumber.map(
    (number) => `dn: ${person(number)}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: p${number}\ncn: Again ${number}\nsn: x\n\n`,
  ),
  fc
    .tuple(fc.nat(7), fc.constantFrom('add', 'delete'), anyNumber)
    .map(
      ([team, act, number]) => `dn: cn=team ${team},ou=groups,${base}\nchangetype: modify\n${act}: member\nmember: ${person(number)}\n\n`,
    ),
  fc.nat(7).map((team) => `dn: cn=team ${team},ou=groups,${base}\nchangetype: delete\n\n`),
);
const many = suite('any edits');

many('whatever is done to a directory, reading what changed and who is there is as good as reading everybody', () =>
  apart(ldifOfOffice({ people: 30, groups: 10, base }), false, (office) =>
    office.inside(async (house) => {
      await read(house);
      const extents: string[] = [];
      const seed = Date.now();
      for (const edits of fc.sample(fc.array(anyEdit, { minLength: 1, maxLength: 4 }), { numRuns: 40, seed })) {
        for (const edit of edits) await office.slapd.modify(edit).catch(() => undefined);
        extents.push((await read(house, { extent: 'changes and ids', mayDisable: 1000 })).extent);
        const { changes } = await read(house, { dryRun: true, mayDisable: 1000 });
        assert.equal(changes, [], `seed ${seed}, after ${extents.length} rounds: ${edits.join('')}`);
      }
      assert.ok(extents.includes('changes and ids') && extents.includes('everybody'), extents.join());
    }),
  ),
);

many.run();
