/** 389 Directory Server as it really is: the contract on it, and what only it does. */
// needs: 389ds

import { directoryContract } from '../testing/directory-contract.ts';
import { dirsrvBench } from '../testing/389ds-bench.ts';

directoryContract('389 Directory Server keeps the directory contract', dirsrvBench);
