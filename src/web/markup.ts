/** Words and attributes, made safe for HTML. Everything else in a page is escaped by the templates' engine. */

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export const escaped = (words: string): string => words.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);

/** ` name="value"` for each that has one; true stands alone; null, false and '' are left out. */
export function attributes(given: Readonly<Record<string, string | number | boolean | null | undefined>>): string {
  return Object.entries(given)
    .filter(([, value]) => value !== null && value !== undefined && value !== false && value !== '')
    .map(([name, value]) => (value === true ? ` ${name}` : ` ${name}="${escaped(String(value))}"`))
    .join('');
}
