/** The five verbs on one person's password in the fake directory, in the order of steps of the real ones, and failing where a test says so. */

import {
  type Judgement,
  judgeNewPassword,
  judgeSignIn,
  type NewPassword,
  type PasswordPolicy,
  policyErrors,
  unlocked,
  withNewPassword,
} from '../directory/demo/password-policy.ts';
import { type Params, Refusal } from '../rules/refusal.ts';
import { minute } from '../rules/time.ts';
import type { DirectoryRefusalKey } from '../rules/vocabulary.ts';
import type { BeforeSending, Clock, Passwords, PasswordStatus, Verified, WriteOutcome } from '../world.ts';
import { away, type FaultTable, unreachable } from './faults.ts';
import { type FakeOffice, type FakeResident, isDisabled, lockOf, statusOf } from './fake-residents.ts';

interface Needs {
  readonly office: FakeOffice;
  readonly clock: Clock;
  readonly server: string;
  readonly faults: FaultTable;
}

interface Act {
  readonly step: 'set' | 'change' | 'unlock';
  /** To be proved before anything is sent. */
  readonly current?: string;
  /** What the server does with the request. */
  answer(resident: FakeResident): Promise<Refusal | null>;
}

export function fakePasswords(remoteId: string, { office, clock, server, faults }: Needs): Passwords {
  const now = () => clock.now();
  const found = (): FakeResident | Refusal => office.residents.get(remoteId) ?? new Refusal('directory.not-found');

  /** Read live, proved where a present password is given, announced, sent, answered. */
  async function write({ step, current, answer }: Act, beforeSending: BeforeSending): Promise<WriteOutcome> {
    const fault = faults.at(step);
    if (fault?.kind === 'unreachable') return refused(away(fault));
    const resident = found();
    if (resident instanceof Refusal) return refused(resident);
    const barred = bar(resident) ?? (current === undefined ? null : verified(resident, current));
    if (barred instanceof Refusal) return refused(barred);
    beforeSending({ server, marker: String(resident.generation) });
    const met = await faults.meet(step);
    if (met?.kind === 'refused') return refused(met.refusal);
    const refusal = met?.kind === 'silent' && met.left === 'undone' ? null : await answer(resident);
    if (met?.kind === 'silent') return { kind: 'unknown', server, raw: `${server}: no answer within 5000 ms` };
    if (refusal) return refused(refusal);
    return { kind: 'done', server, isProved: step === 'unlock' || (await faults.meet('prove')) === null, apply: () => undefined };
  }

  /** Whom an administrator switched off or locked is neither reset nor unlocked. */
  function bar(resident: FakeResident): Refusal | null {
    if (isDisabled(resident, now())) return new Refusal('directory.disabled');
    return lockOf(resident, office, now()) === 'administrator' ? new Refusal('directory.locked-by-administrator') : null;
  }

  /** As the answer to a bind and the entry together tell it. */
  function verified(resident: FakeResident, password: string): Verified | Refusal {
    const [lock, isOff] = [lockOf(resident, office, now()), isDisabled(resident, now())];
    const { code, note, credential } = judgeSignIn(resident.credential, password === resident.credential.hash, office.policy, now());
    resident.credential = credential;
    if (code === 0) return { mustChange: note.error === policyErrors.changeAfterReset, isExpired: note.graceLeft !== undefined };
    if (note.error === policyErrors.passwordExpired) return { mustChange: false, isExpired: true };
    const raw = note.error === undefined ? '49' : `49; ppolicy ${note.error}`;
    if (isOff) return new Refusal('directory.disabled', { raw });
    return new Refusal(lockRefusals[lock], { raw });
  }

  async function replace(resident: FakeResident, wanted: NewPassword): Promise<Refusal | null> {
    const { credential } = resident;
    const matches = async (password: string, hash: string) => password === hash;
    const judged = await judgeNewPassword(wanted, { credential, policy: policyFor(wanted), now: now(), matches });
    if (judged) return complaint(judged, statusOf(resident, office, now()));
    resident.credential = withNewPassword(credential, wanted.password, office.policy, now());
    resident.generation += 1;
    return null;
  }

  /** A reset may be held to less than a change. */
  function policyFor({ old }: NewPassword): PasswordPolicy {
    const { policy, onReset } = office;
    if (old !== undefined) return policy;
    return { ...policy, history: onReset.history ? policy.history : 0, minimumAge: onReset.minimumAge ? policy.minimumAge : 0 };
  }

  return {
    async status() {
      const fault = await faults.meet('status');
      const resident = found();
      if (fault || resident instanceof Refusal) return fault ? away(fault) : (resident as Refusal);
      return { server, ...statusOf(resident, office, now()) };
    },
    async verify(password) {
      if (password === '') return emptyPassword();
      const fault = await faults.meet('verify');
      const resident = found();
      if (fault || resident instanceof Refusal) return fault ? away(fault) : (resident as Refusal);
      return verified(resident, password);
    },
    async set(password, beforeSending) {
      if (password === '') return refused(emptyPassword());
      return write({ step: 'set', answer: (resident) => replace(resident, { password }) }, beforeSending);
    },
    async setTemporary(password, beforeSending) {
      if (password === '') return refused(emptyPassword());
      const outcome = await write({ step: 'set', answer: (resident) => replace(resident, { password }) }, beforeSending);
      if (outcome.kind !== 'done') return outcome;
      const met = await faults.meet('mark');
      const resident = found();
      if (met || resident instanceof Refusal) return { ...outcome, isProved: false, raw: `${server}: the mark was refused` };
      resident.credential = { ...resident.credential, mustChange: true };
      return outcome;
    },
    async change({ current, password }, beforeSending) {
      if (current === '' || password === '') return refused(emptyPassword());
      return write({ step: 'change', current, answer: (resident) => replace(resident, { password, old: current }) }, beforeSending);
    },
    unlock: (beforeSending) =>
      write(
        {
          step: 'unlock',
          async answer(resident) {
            resident.credential = unlocked(resident.credential);
            return null;
          },
        },
        beforeSending,
      ),
    async outcome({ act, server: written, marker, sentAt = null }) {
      if (written === null) return 'not done';
      const fault = await faults.meet('outcome');
      if (fault || written !== server) return away(fault ?? unreachable);
      const resident = found();
      if (resident instanceof Refusal) return 'cannot tell';
      if (act.startsWith('unlock')) return lockOf(resident, office, now()) === 'none' ? 'done' : 'not done';
      if (marker === String(resident.generation)) return 'not done';
      const isAnothers = sentAt !== null && Math.abs(resident.credential.changedAt - sentAt) > 15 * minute;
      return isAnothers ? 'cannot tell' : 'done';
    },
  };
}

const lockRefusals = {
  none: 'directory.wrong-old-password',
  lockout: 'directory.locked',
  administrator: 'directory.locked-by-administrator',
} as const satisfies Record<PasswordStatus['lock'], DirectoryRefusalKey>;

const refusalKeys = new Map<number | undefined, DirectoryRefusalKey>([
  [policyErrors.passwordModNotAllowed, 'directory.change-not-allowed'],
  [policyErrors.mustSupplyOldPassword, 'directory.must-supply-old'],
  [policyErrors.insufficientPasswordQuality, 'directory.quality'],
  [policyErrors.passwordTooShort, 'directory.too-short'],
  [policyErrors.passwordTooYoung, 'directory.minimum-age'],
  [policyErrors.passwordInHistory, 'directory.history'],
]);

function complaint(
  { code, message, note: { error } }: Judgement,
  { rules, changeableAt }: Pick<PasswordStatus, 'rules' | 'changeableAt'>,
): Refusal {
  const key = refusalKeys.get(error) ?? 'directory.policy';
  const params: Partial<Record<DirectoryRefusalKey, Record<string, number | null>>> = {
    'directory.too-short': { least: rules.minimumLength },
    'directory.history': { count: rules.history },
    'directory.minimum-age': { at: changeableAt },
  };
  return new Refusal(key, { params: (params[key] ?? {}) as Params, raw: `${code} ${message}; ppolicy ${error}` });
}

const refused = (refusal: Refusal): WriteOutcome => ({ kind: 'refused', refusal });
const emptyPassword = (): Refusal => new Refusal('directory.wrong-old-password', { raw: 'an empty password is never sent' });
