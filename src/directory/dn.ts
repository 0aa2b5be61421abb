/** Distinguished names (RFC 4514): read, compared and written. It knows no server; a server's spelling of a name is never changed by it. */

export interface NamePart {
  readonly attribute: string;
  readonly value: string;
}
/** From the entry up to the root; each step is a set of one or more attribute values. */
export type Dn = readonly (readonly NamePart[])[];

/** Throws a SyntaxError for what is no distinguished name, such as Active Directory's `<GUID=..>`. */
export function parseDn(text: string): Dn {
  if (text.trim() === '') return [];
  return cut(text, ',').map((rdn) => cut(rdn, '+').map(namePart));
}

/** Cuts at separators that are neither escaped nor within quotes (RFC 2253 allowed those). */
function cut(text: string, separator: ',' | '+'): string[] {
  const pieces: string[] = [];
  let isQuoted = false;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') at++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (character === separator || (character === ';' && separator === ','))) {
      pieces.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...pieces, text.slice(start)];
}

function namePart(text: string): NamePart {
  const found = /^\s*([a-z][a-z0-9-]*|(?:oid\.)?\d+(?:\.\d+)+)\s*=\s*(.*)$/is.exec(text);
  if (!found) throw new SyntaxError('no distinguished name');
  return { attribute: (found[1] ?? '').replace(/^oid\./i, ''), value: plainValue(found[2] ?? '') };
}

function plainValue(text: string): string {
  if (text.startsWith('#')) return text.trim().toLowerCase();
  const bare = /^"(.*)" *$/s.exec(text)?.[1] ?? text;
  const pieces = bare.split(/(\\[0-9a-f]{2}|\\.)/is);
  const bytes = pieces.map((piece, index) => {
    if (index % 2 === 0) return Buffer.from(index === pieces.length - 1 && bare === text ? piece.trimEnd() : piece, 'utf8');
    return piece.length === 3 ? Buffer.from(piece.slice(1), 'hex') : Buffer.from(piece.slice(1), 'utf8');
  });
  return Buffer.concat(bytes).toString('utf8');
}

/**
 * The same key for every spelling of one name: for comparing, never for sending. Values are compared without case and with runs of
 * spaces as one, as caseIgnoreMatch does (RFC 4518); what is no distinguished name is compared as it stands.
 */
export function dnKey(text: string): string {
  const ease = easeOf(text);
  if (ease !== 'none') return ease === 'whole' ? text : text.toLowerCase();
  const isPlain = !/[\\"+;#]|[^\S ]|\s\s|[,=]\s|\s[,=]|^\s|\s$/.test(text);
  if (isPlain) return fold(text);
  try {
    return parseDn(text).map(stepKey).join(',');
  } catch {
    return fold(text);
  }
}

const stepKey = (rdn: readonly NamePart[]): string =>
  rdn
    .map(
      ({ attribute, value }) =>
        `${attribute}=${value
          .trim()
          .replace(/\s+/g, ' ')
          .replace(/[\\,+]/g, (sign) => `\\${sign.charCodeAt(0).toString(16)}`)}`,
    )
    .map(fold)
    .sort()
    .join('+');

const fold = (text: string): string => text.normalize('NFC').toLowerCase();

const [rare, plain, capital, space, mark] = [0, 1, 2, 3, 4];
/** What each sign of ASCII does to the ease of a name. */
const kinds = Uint8Array.from({ length: 128 }, (_, code) => {
  const sign = String.fromCharCode(code);
  if (sign === ' ') return space;
  if (sign === ',' || sign === '=') return mark;
  if (sign >= 'A' && sign <= 'Z') return capital;
  return /[!-~]/.test(sign) && !/[\\"+;#]/.test(sign) ? plain : rare;
});

/** Names are compared by the hundred thousand, and nearly all of them are their own key, but for the case: one look at each sign tells. */
function easeOf(text: string): 'whole' | 'but for the case' | 'none' {
  let ease: 'whole' | 'but for the case' = 'whole';
  let before = mark;
  for (let at = 0; at < text.length; at++) {
    const kind = kinds[text.charCodeAt(at)] ?? rare;
    if (kind === rare || (kind === space && (before === space || before === mark)) || (kind === mark && before === space)) return 'none';
    if (kind === capital) ease = 'but for the case';
    before = kind;
  }
  return before === space ? 'none' : ease;
}

export const isSameDn = (one: string, other: string): boolean => dnKey(one) === dnKey(other);

/** RFC 4514 2.4; control characters are escaped as well, so that a line of a log stays one line. */
export function escapeValue(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
  const inner = value.replace(/[\\",+;<>=\0-\x1f\x7f]/g, (sign) =>
    sign < ' ' || sign === '\x7f' ? `\\${sign.charCodeAt(0).toString(16).padStart(2, '0')}` : `\\${sign}`,
  );
  const front = inner.replace(/^[ #]/, '\\$&');
  return value.length > 1 && value.endsWith(' ') ? `${front.slice(0, -1)}\\ ` : front;
}

export const dnText = (dn: Dn): string =>
  dn.map((rdn) => rdn.map(({ attribute, value }) => `${attribute}=${escapeValue(value)}`).join('+')).join(',');

/** Whether `dn` is `base` or lies below it. */
export function isWithin(dn: string, base: string): boolean {
  const [inner, outer] = [dnKey(dn), dnKey(base)];
  return outer === '' || inner === outer || inner.endsWith(`,${outer}`);
}
