/** What the doctor needs of each kind of directory: one file beside this for each. None of them changes anything. */

import type { Place, State } from '../dialect.ts';
import { type Dn, dnText, isSameDn, isWithin, parseDn } from '../dn.ts';
import type { Root } from '../root.ts';
import type { Observation } from './finding.ts';

/** One account, as it is looked at. */
export interface Patient extends Place {
  readonly state: State;
  readonly login: string;
  /** The service account as config.toml names it. */
  readonly bindDn: string;
}

/** The places that a cure names. */
export interface Grant {
  readonly bindDn: string;
  readonly baseDn: string;
  readonly root: Root;
}

export interface CheckUp {
  /** What the root entry says that it offers, and what is missed. */
  offers(root: Root): readonly Observation[];
  /** Lines that let the service account read the root entry, and people without an end; null where the kind has no such line. */
  rootCure(): string | null;
  sizeCure(grant: Grant): string | null;
  /** Whether the policy that binds the account can be read; what may be done with it; and whether more may be done than is needed. */
  examine(patient: Patient): Promise<readonly Observation[]>;
}

/**
 * Where the rights on an account are best granted: on the base of the configuration, or where that is a whole naming context, on what lies
 * in it above the account.
 */
export function grantPlace({ dn, baseDn, root }: Pick<Place, 'dn' | 'baseDn' | 'root'>): string {
  if (!isSameDn(baseDn, root.contextOf(baseDn)) || !isWithin(dn, baseDn)) return baseDn;
  const steps = parseDn(dn);
  const above: Dn = steps.slice(steps.length - parseDn(baseDn).length - 1);
  return above.length === steps.length ? baseDn : dnText(above);
}
