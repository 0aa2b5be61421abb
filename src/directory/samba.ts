/** Samba's domain controllers, where they differ from Windows' own. Measured with 4.17, 4.22, 4.24 and 4.25. */

import { activeDirectory, hintOf } from './active-directory.ts';
import { readState } from './active-directory-state.ts';
import type { Dialect } from './dialect.ts';

export const samba: Dialect = {
  ...activeDirectory,
  kind: 'samba',
  isSpokenBy: (root) => activeDirectory.isSpokenBy(root) && /^Samba Team\b/.test(root.text('vendorName') ?? ''),
  /** All members come at once. */
  memberRange: null,
  /** From 4.24 on the hint holds a reset to the minimum age, too; before, there is none, and a reset is held to neither. */
  state(place, now) {
    const holds = hintOf(place.root) !== null;
    return readState(place, now, { history: holds, minimumAge: holds, excusesStaff: true });
  },
};
