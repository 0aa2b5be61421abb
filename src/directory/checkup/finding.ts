/** What the doctor says: one sentence for each thing looked at, well or not, with the lines that cure it. It looks at nothing itself. */

import type { DirectoryFinding } from '../../world.ts';

/** A finding before it is known at which server it was made. */
export type Observation = Omit<DirectoryFinding, 'server'>;

/** Every sentence; each is the text `doctor.<sentence>`. */
export const sentences = [
  'name.found',
  'name.unknown',
  'connection.open',
  'connection.refused',
  'connection.silent',
  'connection.lost',
  'tls.good',
  'tls.plain',
  'tls.none',
  'tls.old',
  'tls.start-refused',
  'tls.unknown-authority',
  'tls.unknown-issuer',
  'tls.wrong-name',
  'tls.expired',
  'tls.not-yet-valid',
  'tls.ends-soon',
  'tls.untrusted',
  'bind.good',
  'bind.wrong-password',
  'bind.wrong-name',
  'bind.locked',
  'bind.disabled',
  'bind.expired',
  'bind.must-change',
  'bind.refused',
  'bind.spared',
  'root.good',
  'root.other-kind',
  'root.hidden',
  'controls.good',
  'controls.no-paging',
  'controls.no-policy-overlay',
  'controls.no-password-operation',
  'controls.no-policy-hints',
  'clock.good',
  'clock.off',
  'clock.not-told',
  'base.good',
  'base.missing',
  'reading.good',
  'reading.size-limit',
  'reading.nobody',
  'reading.incomplete',
  'groups.not-found',
  'account.chosen',
  'account.none',
  'account.unknown',
  'account.ambiguous',
  'account.protected',
  'policy.good',
  'policy.none',
  'policy.unreadable',
  'policy.own-unreadable',
  'policy.fine-grained-unreadable',
  'rights.reset',
  'rights.no-reset',
  'rights.unlock',
  'rights.no-unlock',
  'rights.hidden-lock',
  'rights.must-change',
  'rights.no-must-change',
  'rights.hidden',
  'rights.unclear',
  'power.least',
  'power.reads-passwords',
  'power.root',
  'power.skips-policy',
  'power.writes-more',
  'power.administrator',
] as const;
export type Sentence = (typeof sentences)[number];

type More = Partial<Pick<Observation, 'params' | 'cure' | 'raw'>>;
type Say = (key: Sentence, more?: More) => Observation;

const saying =
  (verdict: Observation['verdict']): Say =>
  (key, more = {}) => ({ verdict, key, params: {}, cure: null, raw: null, ...more });

export const well = saying('well');
export const warning = saying('warning');
export const fault = saying('fault');
