/** The rules that bind one account, as a sentence. */

import { day, hour } from '../../rules/time.ts';
import type { State } from '../dialect.ts';
import { type Observation, well } from './finding.ts';

/** Zero where the policy has no such rule. */
export function policyWords({ rules }: State): Observation {
  const { minimumLength, history, minimumAge, maximumAge } = rules;
  return well('policy.good', {
    params: {
      least: minimumLength ?? 0,
      history: history ?? 0,
      hours: Math.round((minimumAge ?? 0) / hour),
      days: Math.round((maximumAge ?? 0) / day),
      complex: rules.isComplex ? 'yes' : 'no',
    },
  });
}
