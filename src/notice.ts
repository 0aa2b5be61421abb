/** Tells a person what was done to their account: at every address that is known, each with the link "this was not me". Knows no reason. */

import type { Account } from './rules/account.ts';
import { noticeAddresses } from './rules/notice.ts';
import { day } from './rules/time.ts';
import type { MessageKind, Messages, World } from './world.ts';

export type NoticeNeeds = Pick<World, 'enrolments' | 'tokens' | 'deliver' | 'random' | 'clock'> & { readonly publicUrl: string };

type NoticeKind = { [Kind in MessageKind]: Messages[Kind] extends { notMeLink: string } ? Kind : never }[MessageKind];
type Variables<Kind> = Kind extends NoticeKind ? Omit<Messages[Kind], 'notMeLink'> : never;

interface Notice<Kind extends NoticeKind> {
  readonly kind: Kind;
  readonly variables: Variables<Kind>;
  /** For whoever has chosen none. */
  readonly language?: string;
  /** As they were before what is told of. */
  readonly to?: readonly string[];
}

const notMeLife = 7 * day;

/** Runs inside the caller's transaction. */
export function notices({ enrolments, tokens, deliver, random, clock, publicUrl }: NoticeNeeds) {
  return function notify<Kind extends NoticeKind>(account: Account, { kind, variables, language = 'en', to }: Notice<Kind>): void {
    const addresses = to ?? noticeAddresses(account, enrolments.of(account.id));
    if (addresses.length === 0) return;
    const secret = random.token();
    const at = clock.now();
    tokens.issue({ purpose: 'not me', secret, account: account.id, attempt: null, at, expiresAt: at + notMeLife, tries: 1 });
    const letter = { language: account.language ?? language, name: account.name };
    const told = { ...variables, notMeLink: `${publicUrl}/not-me/${secret}` } as unknown as Messages[Kind];
    for (const address of addresses) deliver.queue({ kind, to: address, ...letter, variables: told });
  };
}
