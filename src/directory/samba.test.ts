// needs: samba
/** The contract of every directory, held by the distribution's Samba, which does not know the control that holds a reset to the history. */

import { directoryContract } from '../testing/directory-contract.ts';
import { sambaBench } from '../testing/samba-bench.ts';

directoryContract('Samba keeps the directory contract', () => sambaBench({ hasHint: false }));
