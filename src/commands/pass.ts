/** A temporary pass from the console, printed this one time; whoever it is for is told by mail that it was given. */

import { openHouse } from '../app.ts';
import { issuePass, passLimits } from '../methods/pass.ts';
import { policyFor } from '../rules/policy.ts';
import { isRefusal } from '../rules/refusal.ts';
import { minute } from '../rules/time.ts';
import { type Given, Mistake } from './given.ts';
import { knownAccount } from './known-account.ts';

export async function givePass({ words: [login = ''], options, config }: Given): Promise<number> {
  const reason = String(options.reason ?? '').trim();
  if (reason === '') throw new Mistake('A pass is given for a reason, which the journal keeps: --reason "lost the telephone".');
  const wanted = {
    length: numberOf(options, 'length', passLimits.defaultLength),
    life: numberOf(options, 'minutes', passLimits.defaultLife / minute) * minute,
    isOnce: options.many !== true,
    reason,
  };
  const house = await openHouse(config());
  try {
    const account = knownAccount(house, login.trim());
    const pass = await issuePass({ ...house.world, publicUrl: house.config.publicUrl })({
      ...wanted,
      account,
      actor: 'console',
      address: null,
    });
    if (isRefusal(pass)) throw new Mistake(house.texts.find('en', `refusal.${pass.key}`, pass.params) ?? pass.key);
    if (!policyFor(account, house.world.settings.policy()).methods.includes('pass'))
      process.stderr.write('Note that the policy lets no pass open a gate at present.\n');
    process.stdout.write(`${pass}\n`);
    return 0;
  } finally {
    await house.close();
  }
}

function numberOf(options: Given['options'], name: string, standard: number): number {
  const given = options[name];
  if (given === undefined) return standard;
  const value = Number(given);
  if (given === '' || !Number.isInteger(value)) throw new Mistake(`--${name} must be a whole number.`);
  return value;
}
