/** The test world over the fake directory, with the cast in it: for flows that meet expiry, history, minimum age and failure counters. */

import { homes } from '../homes.ts';
import { methodsWith } from '../methods/methods.ts';
import { passwordDesk } from '../set-password.ts';
import { cast, directoryCast } from './cast.ts';
import { fakeDirectory } from './fake-directory.ts';
import { publicUrl, type TestWorldOptions, testWorld } from './world.ts';

export async function officeWorld(options: TestWorldOptions = {}) {
  const world = await testWorld(options);
  const { clock, people } = world;
  const office = fakeDirectory({ clock, people: directoryCast.map((name) => cast[name]) });
  const directories = { all: [office], of: ({ home }: { home: string | null }) => (home === office.id ? office : null) };
  const outside = { ...world, directories, passwordsFor: homes({ ...world, directories }) };
  return {
    ...outside,
    people,
    office,
    methods: methodsWith({ ...outside, publicUrl, ownDomains: [] }),
    desk: passwordDesk({ ...outside, publicUrl }),
    /** What was mailed until now: a copy of the world does not copy what changes. */
    messages: () => world.mail,
  };
}
