/** What people read, in their language: ICU messages chosen by key, with English behind every gap. Knows no page and no person. */

import { IntlMessageFormat } from 'intl-messageformat';
import en from './en.json' with { type: 'json' };

/** English is the type: a key that is not in en.json does not compile. */
export type TextKey = keyof typeof en;
type Params = Readonly<Record<string, string | number>>;
type Catalogue = Readonly<Record<string, string>>;

export interface Texts {
  /** Languages that people can choose, as BCP 47 tags. */
  readonly languages: readonly string[];
  say(language: string, key: TextKey, params?: Params): string;
  /** For keys that are only known at run time (a refusal, a view's title): null when no language has one. */
  find(language: string, key: string, params?: Params): string | null;
  /** The best language for an `Accept-Language` header (RFC 9110 section 12.5.4); English when none fits. */
  choose(acceptLanguage: string | undefined): string;
  direction(language: string): 'ltr' | 'rtl';
}

const fallback = 'en';

export function createTexts(catalogues: Readonly<Record<string, Catalogue>> = { en }): Texts {
  const messages = new Map<string, IntlMessageFormat>();
  const languages = Object.keys(catalogues);
  const directions = new Map(languages.map((language) => [language, directionOf(language)]));

  const format = (language: string, key: string, params: Params): string | null => {
    const owner = Object.hasOwn(catalogues[language] ?? {}, key) ? language : fallback;
    const source = Object.hasOwn(catalogues[owner] ?? {}, key) ? catalogues[owner]?.[key] : undefined;
    if (source === undefined) return null;
    const place = `${owner} ${key}`;
    let message = messages.get(place);
    if (message === undefined) {
      // A text is words, never markup: "<" stays a "<".
      message = new IntlMessageFormat(source, owner, undefined, { ignoreTag: true });
      messages.set(place, message);
    }
    return worded(message, params);
  };

  return {
    languages,
    say: (language, key, params = {}) => format(language, key, params) ?? key,
    find: (language, key, params = {}) => format(language, key, params),
    choose: (header) => chosenLanguage(header, languages),
    direction: (language) => directions.get(language) ?? directionOf(language),
  };
}

/** A parameter that was forgotten leaves a gap in a sentence, not a person without a page. */
function worded(message: IntlMessageFormat, params: Params): string {
  const gaps = { has: () => true, get: (given: Params, name: string) => (Object.hasOwn(given, name) ? given[name] : '…') };
  for (const given of [params, new Proxy(params, gaps)]) {
    try {
      return String(message.format(given));
    } catch {} // a missing date or plural cannot even be a gap: its words are left out below
  }
  return message
    .getAst()
    .map((part) => (part.type === 0 ? part.value : '…'))
    .join('');
}

const rightToLeft = new Set(['Arab', 'Hebr', 'Thaa', 'Syrc', 'Nkoo', 'Adlm']);
const directionOf = (language: string): 'ltr' | 'rtl' =>
  rightToLeft.has(new Intl.Locale(language).maximize().script ?? '') ? 'rtl' : 'ltr';
const longestHeader = 500;

function chosenLanguage(header: string | undefined, languages: readonly string[]): string {
  for (const range of rangesOf((header ?? '').slice(0, longestHeader))) {
    const found = languages.find((language) => language.toLowerCase() === range) ?? languages.find((language) => isKin(language, range));
    if (found !== undefined) return found;
  }
  return fallback;
}

/** "de-AT" is answered in "de", and "pt" in "pt-BR" where that is all there is. */
const isKin = (language: string, range: string): boolean => language.toLowerCase().split('-')[0] === range.split('-')[0];

function rangesOf(header: string): readonly string[] {
  const ranges = header.split(',').map((part) => {
    const [range = '', ...options] = part.trim().toLowerCase().split(';');
    const quality = options.map((option) => /^\s*q=([01](?:\.\d{1,3})?)\s*$/.exec(option)?.[1]).find((value) => value !== undefined);
    return { range, quality: Number(quality ?? 1) };
  });
  return ranges
    .filter(({ range, quality }) => quality > 0 && /^[a-z]{1,8}(-[a-z0-9]{1,8})*$/.test(range))
    .sort((a, b) => b.quality - a.quality)
    .map(({ range }) => range);
}
