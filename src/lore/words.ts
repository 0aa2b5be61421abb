/** Words to make a passphrase of: the lists of BIP 39, made to be told apart, remembered and typed. */

const english = () => import('@scure/bip39/wordlists/english.js');
const lists: ReadonlyMap<string, () => Promise<{ wordlist: string[] }>> = new Map([
  ['cs', () => import('@scure/bip39/wordlists/czech.js')],
  ['en', english],
  ['es', () => import('@scure/bip39/wordlists/spanish.js')],
  ['fr', () => import('@scure/bip39/wordlists/french.js')],
  ['it', () => import('@scure/bip39/wordlists/italian.js')],
  ['pt', () => import('@scure/bip39/wordlists/portuguese.js')],
]);

/**
 * In the person's language where there is a list, else in English. Only words of the letters a to z: a keyboard in another country has no
 * others, and some programs that ask for this password know no others.
 */
export async function wordsIn(language: string): Promise<readonly string[]> {
  const list = lists.get(language.split('-')[0] ?? '') ?? english;
  const { wordlist } = await list();
  return wordlist.filter((word) => /^[a-z]+$/.test(word));
}
