// needs: slapd ldap-utils
// limit: 420 s
/** Whatever slapd does at whatever moment of a reset, the person is told the truth. */

import { faultsOf } from './faults.ts';

const test = faultsOf('reset');
test.run();
