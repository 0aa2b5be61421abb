/** OpenLDAP whose service account has the right `manage` on passwords: all of the contract, and no reset is held to the policy. */
// needs: slapd ldap-utils

import { directoryContract } from '../testing/directory-contract.ts';
import { slapdBench } from '../testing/slapd-bench.ts';

directoryContract('slapd keeps the directory contract with the right "manage"', () => slapdBench({ passwordRight: 'manage' }));
