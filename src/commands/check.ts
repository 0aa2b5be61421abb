/** The doctor on the command line: every part of the house, and the dry run of a reset for one person. Changes nothing. */

import { type House, openHouse } from '../app.ts';
import type { Given } from './given.ts';
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
      return { part: `directory ${directory.id}`, isWell: health.isReachable, says };
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

/** What would stand in the way of this person's reset, check by check, by what the directory says now. */
async function examineAccount({ world, texts }: House, login: string): Promise<Finding[]> {
  const accounts = world.accounts.byLogin(login);
  const [account] = accounts;
  if (!account || accounts.length > 1)
    return [
      {
        part: login,
        isWell: false,
        says: accounts.length > 1 ? 'is a login in several homes' : 'is not known: misspelt, or not synced yet',
      },
    ];
  const status = await world.passwordsFor(account).status();
  const held = [...new Set(world.enrolments.of(account.id).map(({ method }) => method))];
  const facts = { account, intention: 'reset' as const, held, live: isRefusal(status) ? null : status, isBlocked: false };
  const { checks } = eligibility(facts, world.settings.policy());
  const findings = checks.map(({ name, isPassed, params }) => ({
    part: `${login}: ${name}`,
    isWell: isPassed,
    says: `${isPassed ? 'yes' : 'no'}${numbersOf(params)}`,
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
