/** One after another for each key. */

export interface Turns<Key> {
  /** Runs `work` when all that came before it for the key has ended, or returns null at once when too many wait already. */
  take<T>(key: Key, work: () => Promise<T>): Promise<T | null>;
}

export function turnsOf<Key>(mostWaiting: number): Turns<Key> {
  const lines = new Map<Key, { last: Promise<unknown>; length: number }>();
  return {
    async take(key, work) {
      const line = lines.get(key) ?? { last: Promise.resolve(), length: 0 };
      if (line.length > mostWaiting) return null;
      const mine = line.last.then(work);
      line.last = mine.catch(() => {});
      line.length += 1;
      lines.set(key, line);
      try {
        return await mine;
      } finally {
        line.length -= 1;
        if (line.length === 0) lines.delete(key);
      }
    },
  };
}
