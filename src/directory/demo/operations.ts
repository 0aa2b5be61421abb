/** What the demo directory does with a request, whichever socket it came through: who may, in which order, and what is kept. */

import type { Instant } from '../../rules/time.ts';
import type { Entries, Entry } from './entries.ts';
import { type Answer, codes, refused, type Request, type Session } from './exchange.ts';
import { foldName } from './folding.ts';
import { modify, modifyPassword, type Authority } from './modify.ts';
import type { PasswordHash } from './password-hash.ts';
import { judgeSignIn } from './password-policy.ts';
import { search } from './search.ts';

interface Needs {
  readonly entries: Entries;
  readonly service: Entry;
  readonly passwords: PasswordHash;
  readonly now: () => Instant;
  /** Called after every request that may have changed a credential; its failure becomes the answer. */
  readonly keep: () => Promise<void>;
}

export type Operations = (session: Session, request: Request) => Promise<Answer>;

export function operations(needs: Needs): Operations {
  const authority: Authority = needs;
  const inTurn = turnstile();
  return async (session, request) => {
    switch (request.op) {
      case 'search':
        return search(session, request, needs.entries);
      case 'who am i':
        return { code: codes.success, value: session.boundTo === null ? '' : `dn:${session.boundTo.dn}` };
      case 'unsupported':
        return refused(request.code, request.message);
      case 'bind':
        return kept(await inTurn(() => bind(session, request, needs)), needs);
      case 'modify':
        return kept(await inTurn(() => modify(session, request, authority)), needs);
      case 'password':
        return kept(await inTurn(() => modifyPassword(session, request, authority)), needs);
    }
  };
}

/** A refused bind leaves the connection anonymous (RFC 4511 4.2.1). */
async function bind(
  session: Session,
  { dn, password }: { dn: string; password: string },
  { entries, passwords, now }: Needs,
): Promise<Answer> {
  session.boundTo = null;
  session.isRestricted = false;
  const name = foldName(dn);
  if (name === null) return refused(codes.invalidDnSyntax, 'invalid DN');
  if (password === '') {
    return name.length === 0
      ? { code: codes.success }
      : refused(codes.unwillingToPerform, 'unauthenticated bind (DN with no password) disallowed');
  }
  const entry = entries.find(dn);
  if (entry === null || entry.credential === null) return { code: codes.invalidCredentials, note: {} };
  const isRight = await passwords.matches(password, entry.credential.hash);
  if (!entry.isGoverned) {
    if (isRight) session.boundTo = entry;
    return { code: isRight ? codes.success : codes.invalidCredentials };
  }
  const judged = judgeSignIn(entry.credential, isRight, entries.policy, now());
  if (judged.credential !== entry.credential) Object.assign(entry, { credential: judged.credential, modifiedAt: now() });
  if (judged.code === codes.success) Object.assign(session, { boundTo: entry, isRestricted: judged.credential.mustChange });
  return judged;
}

async function kept(answer: Answer, { keep }: Needs): Promise<Answer> {
  await keep();
  return answer;
}

/** One at a time: what is judged here is judged against the credential that is then replaced. */
function turnstile(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
