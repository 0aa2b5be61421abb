/** OpenLDAP as it really is: the contract on slapd. */

import { directoryContract } from '../testing/directory-contract.ts';
import { slapdBench } from '../testing/slapd-bench.ts';

directoryContract('slapd keeps the directory contract', slapdBench);
