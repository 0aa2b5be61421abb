/** What a domain controller keeps of each attribute in order to replicate it: here, which password of how many is in force. */

/** unicodePwd (MS-DRSR 5.16.4, prefix 9: 1.2.840.113556.1.4.90). */
const unicodePwd = 0x9005a;
const headLength = 16;
const rowLength = 48;

/**
 * The version of the password in a replPropertyMetaData: an attribute's number, its version, time, origin and USN there, and the USN here,
 * which differs from server to server and is left out (MS-ADTS 3.1.1.1.9, drsblobs.idl). Null where it cannot be read.
 */
export function passwordVersion(bytes: Buffer | null): string | null {
  if (bytes === null || bytes.length < headLength || bytes.readUInt32LE(0) !== 1) return null;
  const rows = Math.min(bytes.readUInt32LE(8), Math.floor((bytes.length - headLength) / rowLength));
  for (let row = 0; row < rows; row++) {
    const at = headLength + row * rowLength;
    if (bytes.readUInt32LE(at) === unicodePwd) return bytes.toString('base64url', at + 4, at + rowLength - 8);
  }
  return null;
}
