/** One reading of a directory from its beginning to its end: at one server, over a connection of its own. */

import { isRefusal, type Refusal } from '../rules/refusal.ts';
import type { Reading } from '../world.ts';
import type { Changes } from './changes.ts';
import { asRefusal, type People } from './people.ts';
import type { Desk, Servers } from './servers.ts';

interface Needs {
  readonly servers: Servers;
  readonly people: People;
  readonly changes: Changes;
}

export async function openReading({ servers, people, changes }: Needs): Promise<Reading | Refusal> {
  const desk = await servers.open();
  if (isRefusal(desk)) return desk;
  try {
    return readingAt(desk, await changes.bookmark(desk), { people, changes });
  } catch (error) {
    desk.link.close();
    const refusal = asRefusal(error);
    if (isRefusal(refusal)) return refusal;
    throw error;
  }
}

const readingAt = (desk: Desk, bookmark: string | null, { people, changes }: Pick<Needs, 'people' | 'changes'>): Reading => ({
  bookmark,
  people: () => whole(people.all(desk)),
  ids: () => whole(people.ids(desk)),
  groups: () => whole(people.groups(desk)),
  async changes(since, known) {
    if (bookmark === null) return null;
    try {
      return await changes.between(since, bookmark, { desk, known });
    } catch (error) {
      throw asRefusal(error);
    }
  },
  close: () => desk.link.close(),
});

async function* whole<T>(pages: AsyncIterable<T>): AsyncGenerator<T, void, void> {
  try {
    yield* pages;
  } catch (error) {
    throw asRefusal(error);
  }
}
