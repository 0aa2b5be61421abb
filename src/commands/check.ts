/** The doctor on the command line: every part of the house, and the dry run of a reset for one person. Changes nothing. */

import { type House, openHouse } from '../app.ts';
import { type DryRun, dryRun } from '../dry-run.ts';
import { frontDoor } from '../front-door.ts';
import { domainOf, mailable } from '../methods/own-domains.ts';
import { placedLogin } from '../rules/account.ts';
import { explained, type Say } from '../rules/explanation.ts';
import type { Refusal } from '../rules/refusal.ts';
import type { Directory, DirectoryFinding } from '../world.ts';
import type { Given } from './given.ts';

interface Finding {
  readonly part: string;
  readonly verdict: DirectoryFinding['verdict'];
  readonly says: string;
  /** What to do, in words, and the exact lines. */
  readonly cure: string | null;
  readonly lines: string | null;
  /** What was answered or shown, word for word. */
  readonly raw: string | null;
}

export async function check({ options, config }: Given): Promise<number> {
  const house = await openHouse(config());
  try {
    const findings = await examine(house, typeof options.account === 'string' ? options.account : null);
    const isWell = findings.every(({ verdict }) => verdict !== 'fault');
    if (options.json === true)
      process.stdout.write(
        `${JSON.stringify({ isWell, findings: findings.map((one) => ({ isWell: one.verdict !== 'fault', ...one })) })}\n`,
      );
    else for (const finding of findings) process.stdout.write(printed(finding));
    return isWell ? 0 : 1;
  } finally {
    await house.close();
  }
}

async function examine(house: House, login: string | null): Promise<Finding[]> {
  const { world } = house;
  const door = frontDoor(world);
  const known = login === null ? null : door.known(login);
  const account = known !== null && 'login' in known ? known : null;
  /** In the home where the account is known to be; where it is known to none yet, in each. */
  const loginAt = ({ id }: Directory): string | null => (account === null ? login : account.home === id ? account.login : null);
  const asked = world.directories.all.map(async (directory) => ({ directory, found: await directory.examine(loginAt(directory)) }));
  const seen = await Promise.all(asked);
  const findings = [...seen.flatMap(({ directory, found }) => directoryFindings(house, directory.id, found)), ...houseFindings(house)];
  if (login === null) return findings;
  // A service account that is not let in is not shown its wrong password once more.
  const isShutOut = seen.some(({ found }) => found.some(({ key, verdict }) => verdict === 'fault' && key.startsWith('bind.')));
  if (isShutOut) return [...findings, plain(login, 'fault', 'is not looked at: the directory does not take the service account')];
  return [...findings, ...accountFindings(house, login, await dryRun(login, { ...world, door, methods: house.methods }))];
}

const plain = (part: string, verdict: Finding['verdict'], says: string): Finding => ({
  part,
  verdict,
  says,
  cure: null,
  lines: null,
  raw: null,
});
const judged = (part: string, isWell: boolean, says: string): Finding => plain(part, isWell ? 'well' : 'fault', says);

const severity = ['fault', 'warning', 'well'] as const;

/** Of each server first how it is altogether. */
function directoryFindings({ texts }: House, id: string, found: readonly DirectoryFinding[]): Finding[] {
  const said = ({ key, params }: Pick<DirectoryFinding, 'key' | 'params'>) => texts.find('en', `doctor.${key}`, params) ?? key;
  const servers = [...new Set(found.map(({ server }) => server))];
  return servers.flatMap((server) => {
    const here = found.filter((finding) => finding.server === server);
    const worst = severity.find((verdict) => here.some((finding) => finding.verdict === verdict)) ?? 'fault';
    const kind = here.find(({ key }) => key.startsWith('root.'))?.params.kind ?? 'directory';
    const trouble = here.find(({ verdict }) => verdict === 'fault');
    const why = trouble ? `: ${said(trouble)}${trouble.raw === null ? '' : ` [${trouble.raw.split('\n')[0]}]`}` : '';
    return [
      plain(`directory ${id}`, worst, `${kind} at ${server}${why}`),
      ...here.map(({ key, verdict, params, cure, raw }) => ({
        part: `${id}, ${key.slice(0, key.indexOf('.'))}`,
        verdict,
        says: said({ key, params }),
        cure: verdict === 'well' ? null : texts.find('en', `doctor.${key}.cure`, params),
        lines: cure,
        raw,
      })),
    ];
  });
}

function houseFindings(house: House): Finding[] {
  const { config, world } = house;
  const { waiting, dead, lastProblem } = world.deliver.health();
  const mail = `${waiting} waiting, ${dead} could not be delivered${lastProblem === null ? '' : ` (${lastProblem})`}`;
  const { rows, ...broken } = world.journal.verify();
  const { all, registered } = world.accounts.count();
  return [
    config.mail === null ? judged('mail', false, 'no [mail] in config.toml: nobody can get a code') : judged('mail', dead === 0, mail),
    ...mailboxFindings(house),
    judged('journal', !('brokenAt' in broken), 'brokenAt' in broken ? `broken at row ${broken.brokenAt}` : `${rows} rows proved`),
    judged('accounts', all > 0, `${all} known, ${registered} registered${all === 0 ? ': run latchkey sync' : ''}`),
  ];
}

/** Where most people of the directories have their mail is the office's own domain, and must be known as such. */
function mailboxFindings({ config, world }: House): Finding[] {
  const own = config.mail?.ownDomains ?? [];
  const { settings, accounts, directories } = world;
  if (own.length === 0 || settings.policy().mail_in_own_domains) return [];
  const people = directories.all.flatMap(({ id }) => accounts.all(id)).filter(({ isDisabled }) => !isDisabled);
  const domains = people.flatMap(({ mail }) => (mail === null ? [] : (domainOf(mail) ?? [])));
  const mayMail = mailable({ settings, ownDomains: own });
  const most = [...Map.groupBy(domains, (domain) => domain)].find(([, all]) => all.length > domains.length / 2)?.[0];
  if (most === undefined || !mayMail(`@${most}`)) return [];
  return [
    {
      ...plain('mail', 'warning', `most people of the directory have their mail at ${most}, and codes may be sent there`),
      cure: 'If whoever has lost the password cannot read mail there, say so under [mail]:',
      lines: `own_domains = ${JSON.stringify([...own, most])}`,
    },
  ];
}

function accountFindings({ texts }: House, login: string, run: DryRun): Finding[] {
  if (run.kind === 'unknown') return [judged(login, false, 'is not known: misspelt, or not synced yet')];
  if (run.kind === 'several')
    return [judged(login, false, `is a login in several homes: say ${run.accounts.map(placedLogin).join(' or ')}`)];
  const say: Say = (key, params) => texts.find('en', key, params) ?? key;
  const checks = explained(run, say).map(({ name, isPassed, says }) => judged(`${login}: ${name}`, isPassed, says));
  return run.refusal === null ? checks : [...checks, judged(`${login}: directory`, false, wordsOf(texts, run.refusal))];
}

const wordsOf = (texts: House['texts'], refusal: Refusal): string =>
  `${texts.find('en', `refusal.${refusal.key}`, refusal.params) ?? refusal.key}${refusal.raw === null ? '' : ` [${refusal.raw}]`}`;

const signs = { well: 'ok  ', warning: 'WARN', fault: 'FAIL' } as const;

function printed({ part, verdict, says, cure, lines, raw }: Finding): string {
  const indented = (text: string) => text.replace(/^/gm, '        ');
  const more = [...(raw === null ? [] : [`(${raw})`]), ...(cure === null ? [] : [cure]), ...(lines === null ? [] : [lines])];
  return `${signs[verdict]}  ${part}: ${says}\n${more.map((text) => `${indented(text)}\n`).join('')}`;
}
