/** "This was not me": the mailed link that stops whatever is under way and suspends self-service. It never touches the directory. */

import { Refusal } from '../rules/refusal.ts';
import type { Token, World } from '../world.ts';

type Needs = Pick<World, 'accounts' | 'tokens' | 'sessions' | 'attempts' | 'journal' | 'deliver' | 'settings' | 'clock' | 'atomically'> & {
  readonly publicUrl: string;
};

export type NotMe = ReturnType<typeof notMe>;

/** As `Random.token` draws them: anything else is not looked for. */
const secretForm = /^[\w-]{43}$/;

export function notMe({ accounts, tokens, sessions, attempts, journal, deliver, settings, clock, atomically, publicUrl }: Needs) {
  const find = (secret: string): Token | null => (secretForm.test(secret) ? tokens.find('not me', secret, clock.now()) : null);

  /** Whether the link still does something. Looking spends nothing. */
  const opens = (secret: string): boolean => find(secret) !== null;

  /** Ends sessions and open attempts, spends all codes and links, and tells the helpdesk; whoever comes second finds the link spent. */
  function report(secret: string, { address, supportCode }: { address: string; supportCode: string }): 'reported' | Refusal {
    return atomically(() => {
      const at = clock.now();
      const token = find(secret);
      const account = token ? accounts.byId(token.account) : null;
      if (!token || !account || !tokens.spend(token.id, at)) return new Refusal('link.spent');
      sessions.endAll(account.id);
      attempts.closeOthers(account.id, null, at);
      tokens.spendAll(account.id, at);
      accounts.suspend(account.id, at);
      journal.append({ event: 'not me', result: 'succeeded', account: account.login, address, supportCode });
      const { helpdesk_address: to } = settings.policy();
      // The helpdesk's language is not known: English is what everybody's Latchkey has.
      const variables = { login: account.login, supportCode, blocksLink: `${publicUrl}/admin/blocks` };
      if (to !== '') deliver.queue({ kind: 'not-me-received', to, language: 'en', name: '', variables });
      return 'reported';
    });
  }

  return { opens, report };
}
