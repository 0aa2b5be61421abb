// needs: slapd ldap-utils
/** Whatever slapd does at whatever moment of a change or an unlock, the person is told the truth. */

import { faultsOf } from './faults.ts';

const test = faultsOf('change', 'unlock');
test.run();
