/**
 * Asks a range service whether a password was in a breach. Five hex digits of its SHA-1 leave, which thousands of passwords share, and
 * nothing else: what is compared comes back (k-anonymity, as Have I Been Pwned's "Pwned Passwords" documents it).
 */

import { createHash } from 'node:crypto';
import { request } from 'node:https';

export interface RangeService {
  /** https, and it ends with a slash: the five digits follow it. */
  readonly url: string;
  /** The authorities that sign its certificate, in PEM; null: those that Node trusts. */
  readonly ca: string | null;
}

const patience = 2000;
/** A padded answer holds about a thousand lines of forty bytes. */
const largestAnswer = 256 * 1024;

/** Null when there is no usable answer within two seconds: nobody waits for a third party, and none decides by its absence. */
export async function askRange(password: string, service: RangeService): Promise<boolean | null> {
  const digest = createHash('sha1').update(password, 'utf8').digest('hex').toUpperCase();
  const answer = await fetchRange(digest.slice(0, 5), service).catch(() => null);
  return answer === null ? null : isListed(answer, digest.slice(5));
}

/** One line for each suffix; those with a count of 0 are padding. Anything else is no answer of such a service. */
function isListed(answer: string, suffix: string): boolean | null {
  const lines = answer.split(/\r?\n/).filter((line) => line !== '');
  if (lines.length === 0 || !lines.every((line) => /^[0-9A-F]{35}:\d+$/i.test(line))) return null;
  return lines.some((line) => line.slice(0, 35).toUpperCase() === suffix && Number(line.slice(36)) > 0);
}

/** A redirect is not followed: it is no answer. */
function fetchRange(prefix: string, { url, ca }: RangeService): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(
      `${url}${prefix}`,
      {
        // Without padding the length of the answer would tell which range was asked for.
        headers: { 'Add-Padding': 'true', 'User-Agent': 'Latchkey', Accept: 'text/plain' },
        signal: AbortSignal.timeout(patience),
        agent: false,
        ...(ca === null ? {} : { ca }),
      },
      (answer) => {
        let text = '';
        answer.setEncoding('latin1');
        answer.on('data', (piece: string) => {
          text += piece;
          if (text.length > largestAnswer) answer.destroy(new Error('the answer is too long'));
        });
        answer.on('error', reject);
        answer.on('end', () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(`it answered ${answer.statusCode}`))));
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}
