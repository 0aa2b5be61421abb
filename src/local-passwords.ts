/** The home of local accounts: their passwords are slow hashes in Latchkey's own store. Knows no directory, and tells nobody. */

import type { Account } from './rules/account.ts';
import { noDirectoryRules, prepared } from './rules/password.ts';
import { isRefusal, Refusal } from './rules/refusal.ts';
import type { PasswordStatus, Passwords, Verified, World, WriteOutcome } from './world.ts';

const server = 'latchkey';

export type LocalNeeds = Pick<World, 'accounts' | 'settings' | 'slowHash' | 'clock'>;

/** Nothing leaves the process here, so `beforeSending` is never called: what did not settle has not happened. */
export const localPasswords =
  ({ accounts, settings, slowHash, clock }: LocalNeeds) =>
  (account: Account): Passwords => {
    const { id } = account;

    function statusNow(): PasswordStatus {
      const { isDisabled, isProtected } = accounts.byId(id) ?? { ...account, isDisabled: true };
      const changedAt = accounts.passwordChangedAt(id);
      return {
        server,
        marker: changedAt === null ? null : String(changedAt),
        isDisabled,
        lock: 'none',
        mustChange: accounts.mustChangePassword(id),
        isExpired: false,
        isProtected,
        changedAt,
        expiresAt: null,
        changeableAt: null,
        failuresLeft: null,
        // It is judged with what is remembered of every account whose home does not.
        rules: { ...noDirectoryRules, history: settings.policy().password_history },
      };
    }

    async function verify(password: string): Promise<Verified | Refusal> {
      const stored = accounts.passwordHash(id);
      const verdict = await slowHash.verify(prepared(password), stored);
      if (isRefusal(verdict)) return verdict;
      if (!verdict.isRight || stored === null) return new Refusal('directory.wrong-old-password');
      if (statusNow().isDisabled) return new Refusal('directory.disabled');
      if (verdict.isOutdated) await raise(password, stored);
      return { mustChange: accounts.mustChangePassword(id), isExpired: false };
    }

    /** The same password under today's cost; the age of the password stays, and one set meanwhile is not overwritten. */
    async function raise(password: string, stored: string): Promise<void> {
      const hash = await slowHash.hash(prepared(password));
      if (!isRefusal(hash)) accounts.rehashPassword(id, stored, hash); // else the next sign-in will do it
    }

    async function store(password: string, { mustChange }: { mustChange: boolean }): Promise<WriteOutcome> {
      const hash = await slowHash.hash(prepared(password));
      if (isRefusal(hash)) return { kind: 'refused', refusal: hash };
      const apply = () => {
        accounts.setPasswordHash(id, hash, clock.now());
        if (mustChange) accounts.setMustChangePassword(id, true);
      };
      return { kind: 'done', server, isProved: true, apply };
    }
    const set = (password: string) => store(password, { mustChange: false });

    return {
      status: async () => statusNow(),
      verify,
      set,
      setTemporary: (password) => store(password, { mustChange: true }),
      async change({ current, password }) {
        const verified = await verify(current);
        return isRefusal(verified) ? { kind: 'refused', refusal: verified } : set(password);
      },
      unlock: async () => ({ kind: 'refused', refusal: new Refusal('unlock.not-locked') }),
      /** The hash is written in the transaction that ends the write: a write that is still open has changed nothing. */
      outcome: async () => 'not done',
    };
  };
