/** The doctor on the command line: every part of the house, and the dry run of a reset for one person. Changes nothing. */

import { type House, openHouse } from '../app.ts';
import type { Given } from './given.ts';
import { frontDoor } from '../front-door.ts';
import { methodsHeld } from '../methods/methods.ts';
import { eligibility } from '../rules/eligibility.ts';
import { isRefusal, type Refusal } from '../rules/refusal.ts';

interface Finding {
  readonly part: string;
  readonly isWell: boolean;
  readonly says: string;
}

export async function check({ options, config }: Given): Promise<number> {
  const house = await openHouse(config());
  try {
    const login = options.account;
    const findings = [...(await examineHouse(house)), ...(typeof login === 'string' ? await examineAccount(house, login) : [])];
    const isWell = findings.every((finding) => finding.isWell);
    if (options.json === true) process.stdout.write(`${JSON.stringify({ isWell, findings })}\n`);
    else for (const finding of findings) process.stdout.write(`${finding.isWell ? 'ok  ' : 'FAIL'}  ${finding.part}: ${finding.says}\n`);
    return isWell ? 0 : 1;
  } finally {
    await house.close();
  }
}

async function examineHouse({ config, world, texts }: House): Promise<Finding[]> {
  const directories = await Promise.all(
    world.directories.all.map(async (directory): Promise<Finding> => {
      const health = await directory.probe();
      const says = health.problem === null ? `${health.kind ?? 'directory'} at ${health.server}` : wordsOf(texts, health.problem);
      return { part: `directory ${directory.id}`, isWell: health.isUsable, says };
    }),
  );
  const mail = world.deliver.health();
  const { rows, ...broken } = world.journal.verify();
  const { all, registered } = world.accounts.count();
  return [
    ...directories,
    { part: 'mail', isWell: config.mail !== null && mail.dead === 0, says: mailWords(config.mail !== null, mail) },
    {
      part: 'journal',
      isWell: !('brokenAt' in broken),
      says: 'brokenAt' in broken ? `broken at row ${broken.brokenAt}` : `${rows} rows proved`,
    },
    { part: 'accounts', isWell: all > 0, says: `${all} known, ${registered} registered${all === 0 ? ': run latchkey sync' : ''}` },
  ];
}

const mailWords = (
  isConfigured: boolean,
  { waiting, dead, lastProblem }: { waiting: number; dead: number; lastProblem: string | null },
): string =>
  isConfigured
    ? `${waiting} waiting, ${dead} could not be delivered${lastProblem === null ? '' : ` (${lastProblem})`}`
    : 'no [mail] in config.toml: nobody can get a code';

/** What would stand in the way of this person's reset, found and judged as the door does it, by what the directory says now. */
async function examineAccount({ world, methods, texts }: House, login: string): Promise<Finding[]> {
  const door = frontDoor(world);
  const account = door.known(login) ?? (await door.foundLive(login));
  if (account === null) return [{ part: login, isWell: false, says: 'is not known: misspelt, or not synced yet' }];
  if (account === 'several') return [{ part: login, isWell: false, says: 'is a login in several homes' }];
  const status = await world.passwordsFor(account).status();
  const held = methodsHeld(methods, account, world.enrolments.of(account.id));
  const facts = { account, intention: 'reset' as const, held, live: isRefusal(status) ? null : status, isBlocked: false };
  const { checks } = eligibility(facts, world.settings.policy());
  const findings = checks.map(({ name, isPassed, params }) => ({
    part: `${login}: ${name}`,
    isWell: isPassed,
    says:
      name === 'within limits' ? 'counted for each network address, and not judged here' : `${isPassed ? 'yes' : 'no'}${numbersOf(params)}`,
  }));
  return isRefusal(status) ? [...findings, { part: `${login}: directory`, isWell: false, says: wordsOf(texts, status) }] : findings;
}

const numbersOf = (params: Readonly<Record<string, string | number>>): string =>
  Object.keys(params).length === 0
    ? ''
    : ` (${Object.entries(params)
        .map(([name, value]) => `${name} ${value}`)
        .join(', ')})`;

const wordsOf = (texts: House['texts'], refusal: Refusal): string =>
  `${texts.find('en', `refusal.${refusal.key}`, refusal.params) ?? refusal.key}${refusal.raw === null ? '' : ` [${refusal.raw}]`}`;
