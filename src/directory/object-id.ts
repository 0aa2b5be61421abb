/** Identities of Active Directory as bytes and as text: GUIDs (MS-DTYP 2.3.4) and SIDs (MS-DTYP 2.4.2). */

const guidShape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The first three groups lie with their lowest byte first. Null for what is no GUID. */
export function guidText(bytes: Buffer | null): string | null {
  if (bytes?.length !== 16) return null;
  const hex = Buffer.concat([...heads.map(([from, to]) => Buffer.from(bytes.subarray(from, to)).reverse()), bytes.subarray(8)]).toString(
    'hex',
  );
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

export function guidBytes(text: string): Buffer | null {
  if (!guidShape.test(text)) return null;
  const plain = Buffer.from(text.replaceAll('-', ''), 'hex');
  return Buffer.concat([...heads.map(([from, to]) => Buffer.from(plain.subarray(from, to)).reverse()), plain.subarray(8)]);
}

const heads = [
  [0, 4],
  [4, 6],
  [6, 8],
] as const;

/** The last number of a SID, which tells accounts of one domain apart. Null for what is no SID. */
export const relativeId = (sid: Buffer | null): number | null => (isSid(sid) ? sid.readUInt32LE(sid.length - 4) : null);

/** Another account of the same domain. */
export const neighbour = (sid: Buffer | null, relative: number): Buffer | null =>
  isSid(sid) ? withNumber(sid.subarray(0, -4), relative) : null;

/** An account within the domain whose own SID this is. */
export const within = (domain: Buffer | null, relative: number): Buffer | null => {
  if (!isSid(domain)) return null;
  const sid = withNumber(domain, relative);
  sid[1] = (domain[1] ?? 0) + 1;
  return sid;
};

/** S-1-5-32-x: the groups that every domain has. */
export const builtin = (relative: number): Buffer => withNumber(Buffer.from('01020000000000052000 0000'.replace(' ', ''), 'hex'), relative);

function withNumber(head: Buffer, relative: number): Buffer {
  const sid = Buffer.alloc(head.length + 4);
  head.copy(sid);
  sid.writeUInt32LE(relative, head.length);
  return sid;
}

const isSid = (sid: Buffer | null): sid is Buffer =>
  sid !== null && sid[0] === 1 && sid.length >= 12 && sid.length === 8 + 4 * (sid[1] ?? 0);
