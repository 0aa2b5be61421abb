/** Who is calling: address, language, cookies and the session behind them, read once for each request. */

import type { IncomingMessage } from 'node:http';
import type { Account } from '../rules/account.ts';
import type { Policy } from '../rules/policy.ts';
import type { Instant } from '../rules/time.ts';
import type { Texts } from '../text/texts.ts';
import type { Session, World } from '../world.ts';
import { addressBook } from './address.ts';
import type { Cookies } from './cookies.ts';
import type { Csrf } from './csrf.ts';
import { deviceWords } from './device.ts';

export interface Caller {
  readonly at: Instant;
  readonly supportCode: string;
  readonly address: string;
  readonly device: string;
  readonly language: string;
  readonly policy: Policy;
  /** Both or none: a session without its account, or of a disabled one, is no session. */
  readonly person: { session: Session; account: Account } | null;
  readonly sessionToken: string | null;
  readonly attemptToken: string | null;
  /** The visitor cookie's value; null when it was missing or not ours. */
  readonly visitor: string | null;
}

interface Needs {
  readonly accounts: Pick<World['accounts'], 'byId'>;
  readonly sessions: Pick<World['sessions'], 'byToken'>;
  readonly settings: Pick<World['settings'], 'policy'>;
  readonly trustedProxies: readonly string[];
  readonly texts: Texts;
  readonly cookies: Cookies;
  readonly csrf: Csrf;
}

export function callerReading({ accounts, sessions, settings, trustedProxies, texts, cookies, csrf }: Needs) {
  const addressOf = addressBook(trustedProxies);

  const personBehind = (token: string | null, at: Instant): Caller['person'] => {
    const session = token === null ? null : sessions.byToken(token, at);
    const account = session === null ? null : accounts.byId(session.account);
    return session === null || account === null || account.isDisabled ? null : { session, account };
  };

  return (request: IncomingMessage, { at, supportCode }: { at: Instant; supportCode: string }): Caller => {
    const { headers } = request;
    const sent = cookies.read(headers.cookie);
    const person = personBehind(sent.session, at);
    const chosen = person?.account.language ?? null;
    return {
      at,
      supportCode,
      address: addressOf({ peer: request.socket.remoteAddress, forwardedFor: headers['x-forwarded-for'] as string | undefined }),
      device: deviceWords(headers['user-agent']),
      language: chosen !== null && texts.languages.includes(chosen) ? chosen : texts.choose(headers['accept-language']),
      policy: settings.policy(),
      person,
      sessionToken: person === null ? null : sent.session,
      attemptToken: sent.attempt,
      visitor: csrf.isVisitor(sent.visitor) ? sent.visitor : null,
    };
  };
}
