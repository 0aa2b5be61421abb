/** What two keys say against each other. It judges the raw tree, so that a mistake elsewhere hides none of these. */

import { localPlace } from '../rules/account.ts';
import { isTree, type Tree } from './keys.ts';
import { type Mistake, pathOf } from './mistakes.ts';
import { smsContradictions } from './sms.ts';

const rowsOf = (value: unknown): Tree[] => (Array.isArray(value) ? value.filter(isTree) : []);

function halfCertificate({ listen }: Tree): Mistake[] {
  if (!isTree(listen)) return [];
  const { tls_cert_file: certificate, tls_key_file: key } = listen;
  if (certificate !== undefined && key === undefined)
    return [{ path: 'listen.tls_key_file', reason: 'is missing: tls_cert_file needs its key' }];
  if (key !== undefined && certificate === undefined)
    return [{ path: 'listen.tls_cert_file', reason: 'is missing: tls_key_file needs its certificate' }];
  return [];
}

/** RFC 4513 section 6.3: passwords travel in a simple bind as they are. */
function clearDirectory(row: Tree, at: number): Mistake[] {
  const urls = Array.isArray(row.urls) ? row.urls : [];
  return urls.flatMap((url, place) => {
    const path = pathOf(['directory', at, 'urls', place]);
    const scheme = typeof url === 'string' ? url.split(':')[0]?.toLowerCase() : '';
    if (scheme === 'ldap' && row.start_tls !== true)
      return [{ path, reason: 'would send passwords in clear: use ldaps://, or set start_tls = true' }];
    if (scheme === 'ldaps' && row.start_tls === true)
      return [{ path, reason: 'is encrypted from the first byte: start_tls goes with ldap://' }];
    return [];
  });
}

const repeatedId = (rows: readonly Tree[], at: number): Mistake[] =>
  rows.findIndex((row) => row.id === rows[at]?.id) < at ? [{ path: pathOf(['directory', at, 'id']), reason: 'is given twice' }] : [];

/** `alice@local` is Latchkey's own Alice. */
const takenId = (row: Tree, at: number): Mistake[] =>
  row.id === localPlace
    ? [{ path: pathOf(['directory', at, 'id']), reason: 'is the name of Latchkey’s own accounts: choose another' }]
    : [];

function mailWithoutUser({ mail }: Tree): Mistake[] {
  if (!isTree(mail) || typeof mail.url !== 'string' || !URL.canParse(mail.url) || mail.password === undefined) return [];
  const reason = 'names no user for the password: smtps://user@host';
  return new URL(mail.url).username === '' ? [{ path: 'mail.url', reason }] : [];
}

export function contradictions(tree: Tree): Mistake[] {
  const directories = rowsOf(tree.directory);
  return [
    ...halfCertificate(tree),
    ...directories.flatMap((row, at) => [...clearDirectory(row, at), ...repeatedId(directories, at), ...takenId(row, at)]),
    ...mailWithoutUser(tree),
    ...smsContradictions(tree),
  ];
}
