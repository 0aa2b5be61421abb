/** The policy on the command line: written out as TOML, and put in force from such a file, beside a running server. */

import { readFileSync } from 'node:fs';
import { type House, openHouse } from '../app.ts';
import { methodsWith } from '../methods/methods.ts';
import { type Change, type Effect, policyChange } from '../policy-change.ts';
import { readPolicy, writePolicy } from '../policy-file.ts';
import { type Account, placedLogin } from '../rules/account.ts';
import { type Policy, settings } from '../rules/policy.ts';
import type { Setting } from '../rules/setting.ts';
import { type Given, Mistake } from './given.ts';

export async function exportPolicy({ config }: Given): Promise<number> {
  const house = await openHouse(config());
  try {
    const meaning = (key: string): string => house.texts.find('en', `policy.${key}`) ?? key;
    process.stdout.write(writePolicy(house.world.settings.policy(), meaning));
    return 0;
  } finally {
    await house.close();
  }
}

export async function importPolicy({ words: [file = ''], options, config }: Given): Promise<number> {
  const house = await openHouse(config());
  try {
    const wanted = readPolicy(textOf(file), house.world.settings.policy());
    if ('mistakes' in wanted)
      throw new Mistake(`${file} cannot be used:\n${wanted.mistakes.map(({ path, reason }) => `${path} ${reason}`).join('\n')}`);
    const isDryRun = options['dry-run'] === true;
    const change = policyChange({ ...house.world, methodsUnder: (policy) => methodsUnder(house, policy) });
    const effect = await change.effect(wanted);
    const made = isDryRun ? change.changes(wanted) : change.decide(wanted, { actor: 'console' });
    process.stdout.write(`${[...made.flatMap(changeWords), ...effectWords(effect, made.length), ...(isDryRun ? [dry] : [])].join('\n')}\n`);
    return 0;
  } finally {
    await house.close();
  }
}

const dry = 'This was a dry run: nothing was changed.';

function textOf(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (problem) {
    throw new Mistake(`${file} cannot be read: ${(problem as NodeJS.ErrnoException).code}`);
  }
}

/** What a person holds depends on the policy too: an address of the directory may count or not. */
const methodsUnder = ({ world, config }: House, policy: Policy) =>
  methodsWith({
    ...world,
    settings: { ...world.settings, policy: () => policy },
    publicUrl: config.publicUrl,
    ownDomains: config.mail?.ownDomains ?? [],
    texts: config.sms,
  });

function changeWords({ key, from, to }: Change): string[] {
  const { loosens } = settings[key] as Setting<unknown>;
  return [
    `${key}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`,
    ...(loosens?.at(to) ? [`  loosens ${loosens.standard} ${loosens.where}`] : []),
  ];
}

function effectWords({ loses, gains, of }: Effect, changed: number): string[] {
  if (changed === 0) return ['Nothing is different from what is in force.'];
  return [
    `Of ${of} people who are not disabled, ${loses.length} would lose reset, and ${gains.length} would gain it.`,
    ...(loses.length > 0 ? [`would lose it: ${named(loses)}`] : []),
    ...(gains.length > 0 ? [`would gain it: ${named(gains)}`] : []),
  ];
}

const mostNamed = 20;
function named(people: readonly Account[]): string {
  const more = people.length > mostNamed ? `, and ${people.length - mostNamed} more` : '';
  return `${people.slice(0, mostNamed).map(placedLogin).join(', ')}${more}`;
}
