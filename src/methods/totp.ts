/** An authenticator app: RFC 6238 codes of six digits, each step once, the current one and the one before. */

import { Secret, TOTP } from 'otpauth';
import QRCode from 'qrcode';
import { Refusal } from '../rules/refusal.ts';
import { minute, second } from '../rules/time.ts';
import type { Enrolment } from '../world.ts';
import { digitsOf } from './contact.ts';
import type { Enrollable, Enrolling, MethodNeeds } from './method.ts';

const stepLength = 30 * second;
const seedBytes = 20; // RFC 4226 section 4, R6: 160 bits
const mostApps = 5;
const seedLife = 15 * minute;

/** What an enrolment keeps, sealed. `lastStep` is the newest step that was accepted: an older or equal one never is again. */
interface App {
  readonly seed: string;
  readonly lastStep: number;
}

/** A seed that waits for its first code. Whoever signs in elsewhere meanwhile must neither see it nor have theirs scanned by its owner. */
interface Waiting {
  readonly session: number;
  readonly seed: string;
}

const codeAt = (seed: string, step: number): string =>
  new TOTP({ secret: Secret.fromBase32(seed), digits: 6, period: stepLength / second }).generate({ timestamp: step * stepLength });

export function totpMethod({ vault, enrolments, tokens, random, settings, atomically }: MethodNeeds): Enrollable {
  const open = (sealed: string): App => JSON.parse(vault.open('totp', sealed)) as App;
  const seal = (app: App): string => vault.seal('totp', JSON.stringify(app));
  const decoy = seal({ seed: new Secret({ buffer: new Uint8Array(random.bytes(seedBytes)).buffer }).base32, lastStep: 0 });

  /** The step whose code this is, or null. All candidates are computed, so that the time tells nothing. */
  function stepOf({ seed, lastStep }: App, code: string, at: number): number | null {
    const now = Math.floor(at / stepLength);
    const steps = settings.policy().totp_strict ? [now] : [now, now - 1];
    const matching = steps.filter((step) => vault.digest('totp', codeAt(seed, step)) === vault.digest('totp', code));
    return matching.find((step) => step > lastStep) ?? null;
  }

  return {
    name: 'totp',
    isSecondStep: true,

    async judge(challenge, answer) {
      const code = digitsOf(answer);
      if (!challenge || challenge.enrolments.length === 0) {
        stepOf(open(decoy), code, challenge?.at ?? 0);
        return 'wrong';
      }
      const isRight = challenge.enrolments.some(({ id, secret }) => {
        const app = open(secret);
        const step = stepOf(app, code, challenge.at);
        return step !== null && enrolments.spend(id, secret, seal({ ...app, lastStep: step }), challenge.at);
      });
      return isRight ? 'right' : 'wrong';
    },

    enrolment: {
      /** A new seed with every start; the page shows it as a picture and as text. */
      async begin({ account, session, held, at }: Enrolling) {
        if (held.length >= mostApps) return new Refusal('method.too-many', { params: { most: mostApps } });
        const seed = new Secret({ buffer: new Uint8Array(random.bytes(seedBytes)).buffer }).base32;
        tokens.issue({
          purpose: 'seed',
          secret: random.token(),
          account: account.id,
          attempt: null,
          at,
          expiresAt: at + seedLife,
          tries: 5,
          note: vault.seal('totp', JSON.stringify({ session, seed } satisfies Waiting)),
        });
        return shown(seed, account.login);
      },

      async resume(enrolling) {
        const waiting = waitingFor(enrolling);
        return waiting ? shown(waiting.seed, enrolling.account.login) : null;
      },

      async finish(enrolling) {
        const { account, form, held, at, settle } = enrolling;
        const waiting = waitingFor(enrolling);
        if (!waiting) return new Refusal('method.code-wrong', { field: 'answer' });
        const { token, seed } = waiting;
        const step = stepOf({ seed, lastStep: 0 }, digitsOf(form.answer ?? ''), at);
        if (step === null) return new Refusal('method.code-wrong', { field: 'answer' });
        if (held.length >= mostApps) return new Refusal('method.too-many', { params: { most: mostApps } });
        return atomically((): Enrolment | Refusal => {
          if (!tokens.spend(token, at)) return new Refusal('method.code-wrong', { field: 'answer' });
          const label = (form.label ?? '').trim().slice(0, 40);
          const enrolment = enrolments.add({ account: account.id, method: 'totp', label, secret: seal({ seed, lastStep: step }), at });
          settle?.(enrolment);
          return enrolment;
        });
      },
    },

    describe: ({ label }) => ({ label }),
    isUsable: () => true,
  };

  function waitingFor({ account, session, at }: Enrolling): { token: number; seed: string } | null {
    const token = tokens.live('seed', account.id, null, at);
    if (!token?.note) return null;
    const waiting = JSON.parse(vault.open('totp', token.note)) as Waiting;
    return waiting.session === session ? { token: token.id, seed: waiting.seed } : null;
  }

  async function shown(seed: string, login: string) {
    const uri = new TOTP({ issuer: settings.policy().office_name, label: login, secret: Secret.fromBase32(seed) }).toString();
    const picture = await QRCode.toString(uri, { type: 'svg', margin: 2, errorCorrectionLevel: 'M' });
    return { seed: seed.replace(/(.{4})(?=.)/g, '$1 '), picture };
  }
}
