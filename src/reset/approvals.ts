/** What a colleague sees and does who was asked to approve: who asks, a code for them, or that it is somebody else. It knows no page. */

import { type Colleagues, colleagues } from '../methods/colleague.ts';
import type { Methods } from '../methods/methods.ts';
import type { Account } from '../rules/account.ts';
import { type Attempt, colleaguesAsked } from '../rules/attempt.ts';
import { noticeAddresses } from '../rules/notice.ts';
import { Refusal } from '../rules/refusal.ts';
import { type Instant, minute } from '../rules/time.ts';
import type { Intention } from '../rules/vocabulary.ts';
import type { World } from '../world.ts';
import { partiesOf, standings } from './standing.ts';

const codeLife = 10 * minute;
const codeDigits = 8;
const triesACode = 5;

/** Somebody who asks. */
export interface Request {
  readonly id: number;
  readonly name: string;
  readonly login: string;
  readonly intention: Intention;
  readonly askedAt: Instant;
  /** From which network. */
  readonly address: string;
  /** Stands at the foot of their page: it tells two requests in one name apart. */
  readonly supportCode: string;
}

/** Shown to the colleague who asked for it, this one time. */
export interface Approval extends Pick<Request, 'name' | 'login'> {
  readonly code: string;
  readonly minutes: number;
}

/** The colleague, and from where. */
export interface Here {
  readonly account: Account;
  readonly address: string;
}

export type ApprovalDesk = ReturnType<typeof approvalDesk>;

export function approvalDesk(needs: World & { readonly methods: Methods }) {
  const { accounts, attempts, enrolments, tokens, journal, deliver, clock, random, atomically } = needs;
  const { challengeOf } = standings(needs);
  const { mayApprove }: Colleagues = colleagues(needs);

  const waiting = ({ id }: Account): readonly Request[] =>
    attempts.asking(id, clock.now()).flatMap((attempt) => {
      const account = askerOf(attempt, id);
      return account ? [requestOf(attempt, account)] : [];
    });

  const requestOf = (attempt: Attempt, { name, login }: Account): Request => ({
    ...{ id: attempt.id, name, login, intention: attempt.intention, address: attempt.address, supportCode: attempt.supportCode },
    askedAt: colleaguesAsked(attempt)?.at ?? attempt.createdAt,
  });

  /** Whose request it is, for one who was asked and may still approve; null for everybody else, and where there is nothing left to approve. */
  function askerOf(attempt: Attempt | null, colleague: Account['id']): Account | null {
    const isLive = attempt?.state === 'open' && clock.now() < attempt.expiresAt;
    if (!isLive || !colleaguesAsked(attempt)?.colleagues.includes(colleague)) return null;
    const account = challengeOf(attempt, 'colleague')?.account ?? null;
    const asked = accounts.byId(colleague);
    return account && asked && mayApprove(asked, account) ? account : null;
  }

  /** "It is them." Only now there is a code. A newer one replaces it; another colleague's stands until it has ended or been tried in vain. */
  const approve = (id: number, here: Here): Approval | Refusal =>
    atomically((): Approval | Refusal => {
      const attempt = attempts.byId(id);
      const account = askerOf(attempt, here.account.id);
      if (!attempt || !account) return new Refusal('approval.none');
      const at = clock.now();
      const earlier = tokens.live('approval code', account.id, id, at);
      const note = String(here.account.id);
      if (earlier && earlier.triesLeft > 0 && earlier.note !== note) return new Refusal('approval.given');
      const code = random.digits(codeDigits);
      const expiresAt = Math.min(at + codeLife, attempt.expiresAt);
      tokens.issue({ purpose: 'approval code', secret: code, account: account.id, attempt: id, at, expiresAt, tries: triesACode, note });
      record('approved', { attempt, account, here });
      return { name: account.name, login: account.login, code, minutes: Math.max(1, Math.round((expiresAt - at) / minute)) };
    });

  /** "It is not them." The person is told, for somebody else stood at the door with their login. */
  const deny = (id: number, here: Here): 'denied' | Refusal =>
    atomically((): 'denied' | Refusal => {
      const attempt = attempts.byId(id);
      const account = askerOf(attempt, here.account.id);
      const at = clock.now();
      if (!attempt || !account || !attempts.deny(id, at)) return new Refusal('approval.none');
      const code = tokens.live('approval code', account.id, id, at);
      if (code) tokens.spend(code.id, at);
      record('denied', { attempt, account, here });
      const language = account.language ?? attempt.language;
      for (const to of noticeAddresses(account, enrolments.of(account.id)))
        deliver.queue({ kind: 'reset-denied', to, language, name: account.name, variables: { colleague: here.account.name } });
      return 'denied';
    });

  /** The actor and the address are the colleague's, the support code that of the attempt. */
  const record = (detail: 'approved' | 'denied', { attempt, account, here }: { attempt: Attempt; account: Account; here: Here }): void =>
    journal.append({
      event: 'reset progress',
      result: detail === 'approved' ? 'open' : 'failed',
      detail,
      method: 'colleague',
      ...partiesOf(attempt, account),
      actor: here.account.login,
      address: here.address,
    });

  return { waiting, approve, deny };
}
