/** Waits for what comes by itself, as long as it takes: the limit is only there so that nothing hangs. */

const patienceMillis = 120_000;

type Nothing = false | null | undefined | '';

/**
 * Looks again and again until there is something, and returns it. After two minutes, or what `within` says in milliseconds, it throws `what`:
 * what did not come, which may be put together only then.
 */
export async function eventually<T>(
  what: string | (() => string | Promise<string>),
  look: () => T | Promise<T>,
  { within = patienceMillis } = {},
): Promise<Exclude<T, Nothing>> {
  for (const end = performance.now() + within; ; ) {
    const found = await look();
    if (isSomething(found)) return found;
    if (performance.now() > end) throw new Error(typeof what === 'string' ? what : await what());
    await new Promise((resume) => setTimeout(resume, 20));
  }
}

const isSomething = <T>(found: T): found is Exclude<T, Nothing> => found !== false && found !== null && found !== undefined && found !== '';
