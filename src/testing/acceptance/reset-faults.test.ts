// needs: slapd ldap-utils
/** Whatever slapd does at whatever moment of a reset, the person is told the truth. */

import { faultsOf } from './faults.ts';

const test = faultsOf('reset');
test.run();
