/** People whose names, logins and passwords hold whatever has broken a directory client, a form or a tool before; the same at every run. */

import type { Person } from './house.ts';

export interface HardPerson extends Person {
  /** As the person types the new one; it is set in NFC. */
  readonly typed: string;
}

/** Signs of DNs (RFC 4514), filters (RFC 4515), LDIF, HTML, TOML, shells and printf, and letters of one to many code points. */
const signs = [
  ...[',', '"', '+', '#', '\\', '<', '>', ';', '=', '*', '(', ')', '&', "'", '`', '$', '%s', '{', '}', '|', '~', '^', '/', ':', '!', '?'],
  ...[
    'ä',
    'Ö',
    'ß',
    'é',
    'ł',
    'İ',
    'Ω',
    'ж',
    '山',
    '鈴木',
    '한국',
    'ไทย',
    'עברית',
    '🎉',
    '👩‍🚀',
    '🇨🇭',
    '\\2c',
    '&amp;',
    '%00',
    '$x',
    '--',
    '</p>',
  ],
];
const sign = (at: number): string => signs[at % signs.length] ?? '';
/** Too many edges for all to be trimmed by chance. */
const edges = ['', ' ', '  ', '', '#', '', '\u00a0'];
const edge = (at: number): string => edges[at % edges.length] ?? '';

const person = (at: number): HardPerson => ({
  login: `${sign(at)}p${at}${sign(at * 7 + 3)}x`,
  name: `${edge(at)}${sign(at * 3 + 1)}Person ${at}${sign(at * 5 + 2)} of${sign(at * 11)} ${sign(at + 9)}${edge(at + 3)}`,
  password: `${edge(at + 1)}${sign(at)}first words${sign(at * 13 + 4)} ${at}${edge(at + 2)}`,
  typed: `${edge(at + 2)}${sign(at * 17 + 5)}neue Wörter${sign(at * 3)} ${at} ${sign(at + 1)}${edge(at + 1)}`.normalize(
    at % 2 === 0 ? 'NFD' : 'NFC',
  ),
  address: `person${at}@home.example.net`,
});

const hard = (at: number, person: Omit<HardPerson, 'address'>): HardPerson => ({ ...person, address: `hardest${at}@home.example.net` });

/** Those that a browser meets as well. */
export const hardest: readonly HardPerson[] = [
  { login: 'o,malley', name: 'O\\,Malley, "Jr."', password: ' edge space and "quotes" ', typed: '  two before, two after  ' },
  { login: 'a+b=c', name: 'a+b=c,ou=people', password: 'plus+plus=plus&minus', typed: 'x+y=z&amp;a%20b+c' },
  { login: '#hash', name: '#hash', password: '#a comment# perhaps', typed: '#1 not a comment \\n' },
  { login: 'back\\slash\\', name: 'C:\\Users\\Back\\', password: 'C:\\old\\password\\', typed: '\\\\server\\share\\2c\\' },
  {
    login: 'müller-lüdenscheidt',
    name: 'Jörg Müller-Lüdenscheidt',
    password: 'Größe über alles ß',
    typed: 'Äpfel und Öl für Übermut'.normalize('NFD'),
  },
  { login: '山田太郎', name: '山田 太郎', password: '私の古い秘密の言葉です。', typed: '新しい秘密の言葉を選びました。' },
  { login: '🦊fox', name: '🦊 Fox 👩‍👩‍👧‍👦', password: '👩‍🚀 to the 🌕 and back', typed: '🔑🔒 twelve 🇨🇭 and 👨‍👩‍👧' },
  { login: '<b>bold</b>', name: '<script>alert("1")</script>', password: '"><img src=x onerror=1>', typed: "'; DROP TABLE account;--" },
  { login: '*)(uid=*', name: '*)(objectClass=*)', password: '*)(userPassword=*', typed: '(|(uid=*)(cn=\\2a))' },
  { login: ' spaced ', name: '  Spaced Out  ', password: '   three before it', typed: 'three behind it   ' },
].map((given, at) => hard(at, given));

export const hardPeople = (count: number): readonly HardPerson[] => [
  ...hardest,
  ...Array.from({ length: count - hardest.length }, (_none, at) => person(at)),
];
