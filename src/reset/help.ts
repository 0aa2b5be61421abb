/** "Ask for help": a letter to the helpdesk, from anybody who stands at the door. */

import { Refusal } from '../rules/refusal.ts';
import { addressKey, isOver, limits } from '../rules/throttle.ts';
import { second } from '../rules/time.ts';
import type { World } from '../world.ts';

type Needs = Pick<World, 'accounts' | 'attempts' | 'throttle' | 'settings' | 'journal' | 'deliver' | 'deferral' | 'clock' | 'atomically'>;

interface Ask {
  readonly token: string | null;
  readonly name: string;
  /** A telephone number or an address, as the person wrote it. */
  readonly contact: string;
  readonly words: string;
  readonly address: string;
  readonly supportCode: string;
  readonly language: string;
}

export function help({ accounts, attempts, throttle, settings, journal, deliver, deferral, clock, atomically }: Needs) {
  /** Whose login it is may still be looked up; the helpdesk is told all the same, and the wait is as long for a stranger's. */
  async function askForHelp(ask: Ask): Promise<{ supportCode: string } | Refusal> {
    const now = clock.now();
    const { helpdesk_address } = settings.policy();
    if (helpdesk_address === '') return new Refusal('help.unavailable');
    if (ask.name.trim() === '') return new Refusal('form.required', { field: 'name' });
    if (ask.contact.trim() === '') return new Refusal('form.required', { field: 'contact' });
    const key = addressKey(ask.address);
    if (isOver(throttle.count(limits.help, key, now), limits.help)) {
      return new Refusal('limit.address', {
        params: { seconds: Math.ceil(((throttle.easesAt(limits.help, key, now) ?? now) - now) / second) },
      });
    }
    const begun = ask.token === null ? null : attempts.byToken(ask.token);
    if (begun) await deferral.settled(begun.supportCode);
    const attempt = begun && (attempts.byId(begun.id) ?? begun);
    const supportCode = attempt?.supportCode ?? ask.supportCode;
    const login = (attempt?.account && accounts.byId(attempt.account)?.login) || null;
    const variables = {
      login: login ?? '',
      asker: ask.name.slice(0, 100),
      contact: ask.contact.slice(0, 200),
      words: ask.words.slice(0, 2000),
      supportCode,
    };
    atomically(() => {
      throttle.hit(limits.help, key, now);
      if (attempt) attempts.step(attempt.id, { kind: 'asked for help', at: now });
      journal.append({ event: 'help asked', result: 'asked for help', account: login, address: ask.address, supportCode });
      deliver.queue({ kind: 'help-asked', to: helpdesk_address, language: ask.language, name: '', variables });
    });
    return { supportCode };
  }

  return { askForHelp };
}
