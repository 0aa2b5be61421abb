/** Why an account may or may not reset, check by check, in words. It knows the keys of the words, and no language. */

import type { Check, Eligibility } from './eligibility.ts';
import type { CheckName } from './vocabulary.ts';

/** The text of this key in the language of whoever reads. */
export type Say = (key: string, params: Check['params']) => string;

export interface Explained {
  readonly name: CheckName | 'profile';
  readonly isPassed: boolean;
  /** "In scope" */
  readonly label: string;
  /** "yes, group Staff" */
  readonly says: string;
}

/** First by which profile, then the checks in the order in which they are made. */
export function explained({ checks, profile }: Pick<Eligibility, 'checks' | 'profile'>, say: Say): readonly Explained[] {
  const judgedBy = say('check.profile', { profile: profile ?? '', has: profile === null ? 'no' : 'yes' });
  return [
    { name: 'profile', isPassed: true, label: say('check.profile.label', {}), says: judgedBy },
    ...checks.map((check) => explainedCheck(check, say)),
  ];
}

function explainedCheck({ name, isPassed, params }: Check, say: Say): Explained {
  const named = (names: Check['params'][string] = ''): string =>
    String(names)
      .split(' ')
      .filter((method) => method !== '')
      .map((method) => say(`method.${method}`, {}))
      .join(', ');
  const more = name === 'methods' ? { ways: named(params.ways), shut: named(params.shut), ...hasOf(params) } : {};
  const label = say(`check.${name}.label`, {});
  return { name, isPassed, label, says: say(`check.${name}`, { ...params, ...more, answer: isPassed ? 'yes' : 'no' }) };
}

const hasOf = ({ ways, shut }: Check['params']): Check['params'] => ({
  hasWays: ways === '' ? 'no' : 'yes',
  hasShut: shut === '' ? 'no' : 'yes',
});
