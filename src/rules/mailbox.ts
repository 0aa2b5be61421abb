/** Which mailboxes can be written to, read so strictly that no address can carry a second one, a header or a command. */

const atom = "[\\p{L}\\p{M}\\p{N}!#$%&'*+/=?^_`{|}~-]+";
const label = '[\\p{L}\\p{N}]([\\p{L}\\p{M}\\p{N}-]*[\\p{L}\\p{M}\\p{N}])?';
const mailbox = new RegExp(`^${atom}(\\.${atom})*@${label}(\\.${label})*$`, 'u');
const longest = 254; // RFC 5321 section 4.5.3.1.3: a path of 256 octets with its brackets

/** `local@domain` in dots and atoms (RFC 5321 section 4.1.2, RFC 6531 for letters beyond ASCII); quoted names and address literals are left out. */
export const isMailbox = (address: string): boolean => Buffer.byteLength(address) <= longest && mailbox.test(address);

/** `Name <address>` or the address alone. Throws when it is neither. */
export function parseSender(sender: string): { name: string; address: string } {
  const [, name = '', address = ''] = /^\s*(?:"?([^"<>\p{Cc}]*?)"?\s*<([^<>\s]+)>)\s*$/u.exec(sender) ?? ['', '', sender.trim()];
  if (!isMailbox(address)) throw new TypeError('mail.from must be an address, or a name with an address in angle brackets');
  return { name, address };
}
