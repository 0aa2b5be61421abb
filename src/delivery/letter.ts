/** A message put into words, and sealed for the wait: what stands in the outbox is unreadable without the key file. */

import type { Instant } from '../rules/time.ts';
import type { Texts } from '../text/texts.ts';
import type { Letter, Message, Vault } from '../world.ts';
import { channelOf } from './channels.ts';
import type { Mail } from './transport.ts';

export type Say = Texts['say'];

/** What is sealed. The address, the kind and the time stand beside it. */
interface Content {
  readonly subject: string;
  readonly text: string;
  readonly language: string;
  readonly expiresAt: Instant | null;
}

/** The words of the message. Its subject is given the office's name and nothing else: no person's words reach a header. */
export function write(message: Message, { say, office }: { say: Say; office: string }): Content {
  const { kind, language, name, variables, expiresAt } = message;
  const params = { ...paramsOf({ ...variables, name }), office: oneLine(office) };
  const words = say(language, `mail.${kind}.text`, params);
  // A text is paid for by its length; its last line lets a telephone fill in the code, on this site alone.
  const parts =
    channelOf(message) === 'text' ? [words] : [say(language, 'mail.hello', params), words, `-- \n${say(language, 'mail.closing', params)}`];
  return {
    subject: oneLine(say(language, `mail.${kind}.subject`, { office: params.office })),
    text: `${parts.join('\n\n')}\n`,
    language,
    expiresAt: expiresAt ?? null,
  };
}

export const seal = (vault: Vault, content: Content): string => vault.seal('outbox', JSON.stringify(content));

/** Throws when the body was sealed under another key. */
export function open(vault: Vault, letter: Letter): { mail: Mail; expiresAt: Instant | null } {
  const { expiresAt, ...words } = JSON.parse(vault.open('outbox', letter.sealed)) as Content;
  const reference = vault.digest('letter', `${letter.id} ${letter.queuedAt}`).slice(0, 22);
  return { mail: { ...words, to: letter.to, kind: letter.kind, at: letter.queuedAt, reference }, expiresAt };
}

/**
 * Each variable as it may stand in a text, and beside it what a text can choose by: `xKey` (the value as an ICU keyword, which
 * has neither spaces nor hyphens; a ready sentence counts as `sentence`) and `hasX`.
 */
function paramsOf(variables: Readonly<Record<string, string | number>>): Record<string, string | number> {
  const params: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(variables)) {
    if (typeof value === 'number') params[name] = value;
    else {
      params[name] = name === 'words' ? quoted(value) : oneLine(value);
      params[`${name}Key`] = keyword(value);
      params[`has${name.charAt(0).toUpperCase()}${name.slice(1)}`] = value.trim() === '' ? 'no' : 'yes';
    }
  }
  return params;
}

const keyword = (value: string): string => (/[.!?。؟]$/u.test(value.trim()) ? 'sentence' : value.replaceAll(/[^A-Za-z0-9]+/g, '_'));

/** Control characters and the invisible ones that turn the direction of text (Unicode UAX #9) could make a message say what it does not. */
const unseen = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;
const longestLine = 1000;
const longestWords = 4000;

const oneLine = (text: string): string => text.replaceAll(unseen, ' ').slice(0, longestLine).trim();

/** A stranger's words stand behind a mark, so that they cannot be taken for ours. */
const quoted = (text: string): string =>
  text
    .slice(0, longestWords)
    .split(/\r\n|\r|\n/)
    .map((line) => `> ${oneLine(line)}`)
    .join('\n');
