/** Reads pages as far as our own templates write them: fields, forms, links and the words a person sees. No browser, no script. */

export interface FoundForm {
  readonly method: string;
  readonly action: string;
  /** Values as they would be sent: hidden and filled-in fields, the marked choice; '' for an empty field; unmarked choices are absent. */
  readonly fields: Readonly<Record<string, string>>;
  /** All names that can be filled, unmarked choices too, with the values that a choice offers. */
  readonly offers: Readonly<Record<string, readonly string[]>>;
  readonly buttons: readonly { words: string; name: string | null; value: string }[];
}
export interface FoundLink {
  readonly href: string;
  readonly words: string;
}

type Attributes = Readonly<Record<string, string>>;

export function formsIn(html: string): FoundForm[] {
  return pieces(html, 'form').map(({ attributes, inside }) => {
    const fields: Record<string, string> = {};
    const offers: Record<string, string[]> = {};
    for (const { name, value, isSent } of controlsIn(inside)) {
      offers[name] = [...(offers[name] ?? []), value];
      if (isSent) fields[name] = value;
    }
    const buttons = pieces(inside, 'button')
      .filter((button) => button.attributes.type !== 'button')
      .map((button) => ({ words: wordsOf(button.inside), name: button.attributes.name ?? null, value: button.attributes.value ?? '' }));
    return { method: (attributes.method ?? 'get').toLowerCase(), action: attributes.action ?? '', fields, offers, buttons };
  });
}

function controlsIn(html: string): { name: string; value: string; isSent: boolean }[] {
  const inputs = tags(html, 'input').map((input) => ({
    name: input.name ?? '',
    value: input.value ?? (isChoice(input) ? 'on' : ''),
    isSent: !isChoice(input) || 'checked' in input,
  }));
  const areas = pieces(html, 'textarea').map(({ attributes, inside }) => ({
    name: attributes.name ?? '',
    value: decoded(inside).replace(/^\n/, ''),
    isSent: true,
  }));
  const lists = pieces(html, 'select').flatMap(({ attributes, inside }) => {
    const options = pieces(inside, 'option');
    const marked = options.find((option) => 'selected' in option.attributes) ?? options[0];
    return options.map((option) => ({
      name: attributes.name ?? '',
      value: option.attributes.value ?? wordsOf(option.inside),
      isSent: option === marked,
    }));
  });
  return [...inputs, ...areas, ...lists].filter(({ name }) => name !== '');
}

const isChoice = ({ type }: Attributes): boolean => type === 'radio' || type === 'checkbox';

export const linksIn = (html: string): FoundLink[] =>
  pieces(html, 'a').map(({ attributes, inside }) => ({ href: attributes.href ?? '', words: wordsOf(inside) }));

/** What stands in the elements of this name, as words. */
export const wordsIn = (html: string, element: string): string[] => pieces(html, element).map(({ inside }) => wordsOf(inside));

/** The value of the first attribute of this name on a button. */
export const onButton = (html: string, name: string): string => tags(html, 'button').find((button) => name in button)?.[name] ?? '';

export const textOf = (html: string): string => wordsOf(pieces(html, 'body')[0]?.inside ?? html);

const wordsOf = (html: string): string =>
  decoded(html.replace(/<(script|style|svg)\b[\s\S]*?<\/\1>/g, '').replace(/<[^>]*>/g, ' '))
    .replace(/\s+/g, ' ')
    .trim();

function pieces(html: string, element: string): { attributes: Attributes; inside: string }[] {
  const found = html.matchAll(new RegExp(`<${element}((?:\\s[^>]*)?)>([\\s\\S]*?)</${element}>`, 'g'));
  return [...found].map(([, attributes = '', inside = '']) => ({ attributes: attributesOf(attributes), inside }));
}

const tags = (html: string, element: string): Attributes[] =>
  [...html.matchAll(new RegExp(`<${element}(\\s[^>]*)>`, 'g'))].map(([, attributes = '']) => attributesOf(attributes));

function attributesOf(written: string): Attributes {
  const found = written.matchAll(/([\w-]+)(?:="([^"]*)")?/g);
  return Object.fromEntries([...found].map(([, name = '', value = '']) => [name, decoded(value)]));
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const decoded = (html: string): string => html.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name] ?? '');
