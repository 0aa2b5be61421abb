/** Writes that a crash or a silence has left open: settled by asking the server that got them, until it answers. It writes nothing itself. */

import type { Aftermath } from './aftermath.ts';
import type { Account } from './rules/account.ts';
import { isRefusal, type Refusal } from './rules/refusal.ts';
import { second } from './rules/time.ts';
import type { World, Write } from './world.ts';

type Needs = Pick<World, 'accounts' | 'attempts' | 'passwordHistory' | 'passwordsFor' | 'writes' | 'clock' | 'atomically'> & {
  readonly after: Pick<Aftermath, 'succeed' | 'record' | 'tell'>;
  /** Writes that this process is still waiting for: not to be settled from outside. */
  readonly underWay: ReadonlySet<Write['id']>;
};

type Settled = 'done' | 'not done' | 'cannot tell';
/** Longer than any operation may take: what has not ended by then is asked for. */
const settleAfter = 45 * second;

export function lateWrites({ accounts, attempts, passwordHistory, passwordsFor, writes, clock, atomically, after, underWay }: Needs) {
  const { succeed, record, tell } = after;

  /** How many are known now that were not. */
  async function settleWrites(): Promise<number> {
    let known = 0;
    for (const left of writes.unsettled(clock.now() - settleAfter)) {
      const account = underWay.has(left.id) ? null : accounts.byId(left.account);
      if (account === null) continue;
      const answer = await outcomeOf(left, account);
      if (isRefusal(answer)) continue; // it is asked again, until it answers
      atomically(() => settleLate(left, account, answer));
      known += 1;
    }
    return known;
  }

  /** A later success has moved the marker: what it would say now is not about this write. */
  async function outcomeOf(left: Write, account: Account): Promise<Settled | Refusal> {
    if (left.sentAt === null) return 'not done';
    const answer = writes.isOvertaken(left) ? 'cannot tell' : await passwordsFor(account).outcome(left);
    return answer === 'done' && writes.isOvertaken(left) ? 'cannot tell' : answer;
  }

  function settleLate(left: ReturnType<World['writes']['unsettled']>[number], account: Account, answer: Settled): void {
    const attempt = left.attempt === null ? null : attempts.byId(left.attempt);
    const act = {
      account,
      act: left.act,
      address: left.address,
      supportCode: left.supportCode,
      language: attempt?.language ?? 'en',
      ...(attempt ? { attempt: attempt.id } : {}),
    };
    if (answer === 'done') {
      succeed(left.id, act, { isProved: false });
      return;
    }
    const at = clock.now();
    writes.end(left.id, answer === 'not done' ? 'refused' : 'unknown', at);
    passwordHistory.drop(left.id);
    if (attempt) {
      attempts.step(attempt.id, { kind: 'ended', outcome: answer === 'not done' ? 'not done' : 'unknown', at });
      attempts.finish(attempt.id, at);
    }
    record(act, {
      result: answer === 'not done' ? 'failed' : 'unknown',
      detail: answer === 'not done' ? 'old password in force' : 'outcome unknown',
    });
    if (left.sentAt !== null && !writes.isOvertaken(left)) tell(act, 'write-settled', { outcome: answer });
  }

  return { settleWrites };
}
