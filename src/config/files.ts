/** The files that the configuration names: secrets are read in their keys' place, certificates are looked at. */

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { everyKey, isTree, type Key, type Tree } from './keys.ts';
import { type Mistake, pathOf } from './mistakes.ts';

const mostBytes = 1024 * 1024;

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'there is no permission to read it',
  EISDIR: 'it is a folder',
  ENOTDIR: 'there is no such file',
};

/** The file's text, or why it cannot be had. */
export function readText(file: string): { text: string } | { reason: string } {
  try {
    const text = readFileSync(file, 'utf8');
    return text.length > mostBytes ? { reason: 'cannot be used: the file is larger than 1 MB' } : { text };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    return { reason: `cannot be read: ${reasons[code] ?? code}` };
  }
}

function readSecret({ table, key, steps, folder }: { table: Tree; key: Key; steps: readonly PropertyKey[]; folder: string }): Mistake[] {
  const name = `${key.name}_file`;
  const place = table[name];
  if (place === undefined) return [];
  const path = pathOf([...steps, name]);
  delete table[name];
  // A stand-in keeps "is missing" from being said of a key that was given, only wrongly.
  const wrong = (reason: string): Mistake[] => {
    table[key.name] ??= 'unread';
    return [{ path, reason }];
  };
  if (table[key.name] !== undefined) return wrong(`is given beside ${key.name}: give one of them`);
  if (typeof place !== 'string' || place === '') return wrong('must be the name of a file');
  const read = readText(resolve(folder, place));
  if ('reason' in read) return wrong(read.reason);
  const secret = read.text.replace(/\r?\n$/, '');
  if (secret === '') return wrong('is an empty file');
  table[key.name] = secret;
  return [];
}

/** Puts the content of every `<key>_file` in the key's place; a trailing newline is not part of a secret. */
export function readSecrets(tree: Tree, folder: string, keys: readonly Key[] = everyKey, steps: readonly PropertyKey[] = []): Mistake[] {
  return keys.flatMap((key) => {
    const below = tree[key.name];
    if (key.isSecret) return readSecret({ table: tree, key, steps, folder });
    if (key.kind === 'table' && isTree(below)) return readSecrets(below, folder, key.keys, [...steps, key.name]);
    if (key.kind === 'tables' && Array.isArray(below))
      return below.flatMap((row, at) => (isTree(row) ? readSecrets(row, folder, key.keys, [...steps, key.name, at]) : []));
    return [];
  });
}

const isCertificate = (pem: string): boolean => {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
};

export interface Authorities {
  /** PEM for each directory, null where none is named. */
  readonly directories: readonly (string | null)[];
  readonly mail: string | null;
  /** Of the gateway for text messages. */
  readonly sms: string | null;
  /** Of the range service for breached passwords. */
  readonly passwords: string | null;
}

/** The authorities that are named. Of the server's own certificate it is only seen here that it can be read. */
export function readCertificates(
  { listen, directory, mail, sms, passwords }: Tree,
  folder: string,
): { authorities: Authorities; mistakes: Mistake[] } {
  const mistakes: Mistake[] = [];
  const read = (path: string, place: unknown): string | null => {
    if (typeof place !== 'string' || place === '') return null;
    const found = readText(resolve(folder, place));
    if ('reason' in found) mistakes.push({ path, reason: found.reason });
    return 'text' in found ? found.text : null;
  };
  for (const key of ['tls_cert_file', 'tls_key_file']) if (isTree(listen)) read(`listen.${key}`, listen[key]);
  const authorityOf = (row: unknown, path: string): string | null => {
    const pem = isTree(row) ? read(path, row.ca_file) : null;
    if (pem !== null && !isCertificate(pem)) mistakes.push({ path, reason: 'is not a certificate in PEM' });
    return pem;
  };
  const rows: readonly unknown[] = Array.isArray(directory) ? directory : [];
  const directories = rows.map((row, at) => authorityOf(row, pathOf(['directory', at, 'ca_file'])));
  const authorities = {
    directories,
    mail: authorityOf(mail, 'mail.ca_file'),
    sms: authorityOf(sms, 'sms.ca_file'),
    passwords: authorityOf(passwords, 'passwords.ca_file'),
  };
  return { authorities, mistakes };
}
