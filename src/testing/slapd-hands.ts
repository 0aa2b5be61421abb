/** The hands that tests of slapd's own ways share: another server, its configuration, requests without Latchkey between, people. */

import type { DirectoryConfig } from '../directory/config.ts';
import { openDirectory } from '../directory/directory.ts';
import { type Answer, connect, type Link } from '../directory/ldap.ts';
import { modifyPasswordOid, modifyPasswordValue, policyRequest } from '../directory/ppolicy.ts';
import type { Account } from '../rules/account.ts';
import { isRefusal, type Refusal } from '../rules/refusal.ts';
import type { Directory, PasswordStatus, WriteOutcome } from '../world.ts';
import { ldifLine, type Slapd, type SlapdOptions, startSlapd } from './slapd.ts';
import { accountOf, configOf, dnOf, noLog, personLdif, realClock } from './slapd-bench.ts';

export const [first, second] = ['First-Passw0rd-of-all', 'Second-Passw0rd-of-all'];

export async function another(options: SlapdOptions, check: (other: Slapd) => Promise<void>): Promise<void> {
  const other = await startSlapd(options);
  try {
    await check(other);
  } finally {
    await other.close();
  }
}

export async function opened<T>(at: Slapd, more: Partial<DirectoryConfig>, check: (directory: Directory) => Promise<T>): Promise<T> {
  const directory = openDirectory(configOf(at, more), { clock: realClock, log: noLog });
  try {
    return await check(directory);
  } finally {
    await directory.close();
  }
}

/** A connection of nobody's, without Latchkey's own judgement between. */
export async function linked<T>(at: Slapd, work: (link: Link) => Promise<T>): Promise<T> {
  const link = await connect({ url: at.ldaps, startTls: false, ca: at.ca, timeoutMillis: 5000 });
  try {
    return await work(link);
  } finally {
    link.close();
  }
}

export interface Credentials {
  readonly dn: string;
  readonly password: string;
}
export const service = ({ serviceDn, servicePassword }: Slapd): Credentials => ({ dn: serviceDn, password: servicePassword });
export const root = ({ adminDn, adminPassword }: Slapd): Credentials => ({ dn: adminDn, password: adminPassword });

export const boundAs = <T>(at: Slapd, { dn, password }: Credentials, work: (link: Link) => Promise<T>): Promise<T> =>
  linked(at, async (link) => {
    const { resultCode } = await link.bind(dn, password);
    if (resultCode !== 0) throw new Error(`${dn} is not let in: ${resultCode}`);
    return work(link);
  });
export const reset = (link: Link, dn: string, password: string): Promise<Answer> =>
  link.extended(modifyPasswordOid, modifyPasswordValue({ dn, password }), { controls: [policyRequest] });

export interface Someone {
  readonly account: Account;
  readonly dn: string;
}
let made = 0;
export async function someone(at: Slapd, more: { name?: string; login?: string } = {}): Promise<Someone> {
  made += 1;
  const { name = `Someone ${made}`, login = `someone${made}` } = more;
  const dn = dnOf(at, name);
  await at.add(personLdif(at, { login, name, password: first }));
  return { account: accountOf({ home: 'office', remoteId: (await valueAt(at, dn, 'entryUUID')) ?? '', login, name }), dn };
}

export const valueAt = async (at: Slapd, dn: string, attribute: string): Promise<string | undefined> =>
  (await at.read(dn)).get(attribute)?.[0];
export const write = (at: Slapd, dn: string, attribute: string, value: string): Promise<void> =>
  at.force(`${ldifLine('dn', dn)}\nchangetype: modify\nreplace: ${attribute}\n${attribute}: ${value}\n\n`);
/** Changes of cn=config. */
export const configured = (at: Slapd, ldif: string): Promise<void> =>
  at.asRoot(`ldapmodify -Q -Y EXTERNAL -H ldapi:/// >/dev/null <<'CONFIG'\n${ldif}\nCONFIG\n`);

export function good<T>(value: T | null | Refusal): T {
  if (value === null || isRefusal(value)) throw new Error(`refused: ${JSON.stringify(value)}`);
  return value;
}
export const statusOf = async (directory: Directory, account: Account): Promise<PasswordStatus> =>
  good(await directory.passwords(account).status());
export const refusedWith = (outcome: WriteOutcome): string => (outcome.kind === 'refused' ? outcome.refusal.key : outcome.kind);
