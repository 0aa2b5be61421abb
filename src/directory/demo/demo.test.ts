/** The demo directory keeps the contract that every directory keeps. */

import { demoBench } from '../../testing/demo-bench.ts';
import { directoryContract } from '../../testing/directory-contract.ts';

directoryContract('the demo directory keeps the directory contract', demoBench);
