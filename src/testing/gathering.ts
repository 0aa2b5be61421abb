/** Brings the cast into a test world: their entries, their accounts, and what they have registered. */

import { createHash } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import type { Account } from '../rules/account.ts';
import { isRefusal } from '../rules/refusal.ts';
import type { Instant } from '../rules/time.ts';
import type { World } from '../world.ts';
import { type CastName, cast, directoryCast } from './cast.ts';
import type { FakeDirectory } from './fake-directory.ts';

export type People = Readonly<Record<CastName, Account>>;
const names = Object.keys(cast) as CastName[];

/** On a database that has them already they are found as they are. */
export async function gather(world: World, directory: FakeDirectory): Promise<People> {
  if (world.accounts.count().all === 0) await settleIn(world, directory);
  const found = names.map((name) => {
    const [account] = world.accounts.byLogin(cast[name].login);
    if (!account) throw new Error(`${name} is missing`);
    return [name, account];
  });
  return Object.fromEntries(found) as People;
}

async function settleIn({ accounts, enrolments, vault, slowHash, clock }: World, directory: FakeDirectory): Promise<void> {
  const at = clock.now();
  for (const { login, role } of directoryCast.map((name) => cast[name])) {
    const entry = await directory.read(`id-${login}`);
    if (entry && !isRefusal(entry)) accounts.applySync([{ kind: 'add', home: directory.id, entry, role }], at);
  }
  const { login, name, mail, role, password } = cast.laura;
  const passwordHash = await slowHash.hash(password);
  if (isRefusal(passwordHash)) throw new Error('the slow hash refused');
  accounts.createLocal({ login, name, mail, role, passwordHash, at });
  for (const person of names) {
    const { id } = accounts.byLogin(cast[person].login)[0] as Account;
    for (const method of cast[person].holds) {
      const app = { label: 'phone', secret: vault.seal('totp', JSON.stringify({ seed: seedOf(person), lastStep: 0 })) };
      enrolments.add({ account: id, method, at, ...(method === 'totp' ? app : { label: cast[person].mail, secret: '' }) });
    }
  }
}

const seedOf = (name: CastName): string => new Secret({ buffer: new Uint8Array(createHash('sha1').update(name).digest()).buffer }).base32;

/** What the app of this person shows. */
export function appCode(name: CastName, at: Instant): string {
  if (!cast[name].holds.includes('totp')) throw new Error(`${name} has no app`);
  return new TOTP({ secret: Secret.fromBase32(seedOf(name)) }).generate({ timestamp: at });
}
