/** Where the thread of a sync begins, which `sync-aside.ts` starts: it steps back before it loads anything, which takes longer than a small reading. */

import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

stepBack();
await import('./sync-errand.ts');

/**
 * Whoever waits for a page comes first, and with a higher priority than this one they wait twice as long. While a page waits for a slice to be
 * written it takes no processor, so this goes on. Only Linux tells a thread's number, and takes it for a process's (setpriority(2)).
 */
function stepBack(): void {
  try {
    setPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1)), constants.priority.PRIORITY_LOW);
  } catch {
    // Elsewhere it is read at the same pace as pages are served.
  }
}
