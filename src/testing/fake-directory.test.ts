/** The fake directory keeps the contract that every directory keeps. */

import { directoryContract } from './directory-contract.ts';
import { fakeBench } from './fake-bench.ts';

directoryContract('the fake directory keeps the directory contract', fakeBench);
