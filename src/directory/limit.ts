/** One limit over all that an act does at one server: each request has a deadline of its own, and a slow server would use up every one of them. */

import type { Link } from './ldap.ts';

export interface Limit {
  readonly isReached: boolean;
  /** The connection is closed when the limit is reached; whoever had sent something then hears that no answer came. */
  watch(link: Link): Link;
  end(): void;
}

export function openLimit(millis: number): Limit {
  const watched = new Set<Link>();
  const why = `not done within ${millis} ms altogether`;
  let isReached = false;
  const timer = setTimeout(() => {
    isReached = true;
    for (const link of watched) link.close(why);
  }, millis);
  return {
    get isReached() {
      return isReached;
    },
    watch(link) {
      if (isReached) link.close(why);
      watched.add(link);
      return link;
    },
    end: () => clearTimeout(timer),
  };
}
