/** Every word that is written into the journal, a report or a refusal. A text exists for each: a test proves it. */

export const methodNames = ['email', 'sms', 'totp', 'passkey', 'questions', 'recovery-code', 'pass', 'colleague'] as const;
export type MethodName = (typeof methodNames)[number];

export const events = [
  'blocked',
  'change',
  'reset by administrator',
  'reset',
  'reset progress',
  'unlock',
  'unlock by administrator',
  'registration',
  'policy change',
  'writeback',
  'sign-in',
  'sign-in refused',
  'sign-out',
  'not me',
  'help asked',
  'sync',
  'report downloaded',
  'pass issued',
  'backup',
  'restore',
  'administrator created',
  'administrator recovered',
  'server',
  'breach query',
] as const;
export type EventName = (typeof events)[number];

/** The result of an attempt, and of any single event. */
export const results = ['succeeded', 'failed', 'blocked', 'cancelled', 'abandoned', 'asked for help', 'unknown', 'open'] as const;
export type Result = (typeof results)[number];

/** The checks of eligibility, in the order in which they are made. */
export const checks = [
  'known',
  'one home',
  'available',
  'in scope',
  'methods',
  'not protected',
  'not suspended',
  'not disabled',
  'writeback',
  'reachable',
  'within limits',
] as const;
export type CheckName = (typeof checks)[number];

/** The directory's refusals, as classes that a person can be told about, finer where the answer was. */
export const directoryRefusals = [
  'directory.policy',
  'directory.too-short',
  'directory.too-long',
  'directory.quality',
  'directory.history',
  'directory.minimum-age',
  'directory.wrong-old-password',
  'directory.must-supply-old',
  'directory.change-not-allowed',
  'directory.no-permission',
  'directory.no-tls',
  'directory.encoding',
  'directory.control-unsupported',
  'directory.locked',
  'directory.locked-by-administrator',
  'directory.disabled',
  'directory.expired',
  'directory.not-now',
  'directory.not-found',
  'directory.ambiguous',
  'directory.unreachable',
  'directory.unknown',
] as const;
export type DirectoryRefusalKey = (typeof directoryRefusals)[number];

export const refusals = [
  ...directoryRefusals,
  'form.stale',
  'form.required',
  'form.too-long',
  'form.unacceptable',
  'login.required',
  'sign-in.wrong',
  'sign-in.wait',
  'sign-in.second-step-wrong',
  'sign-in.no-way-in',
  'password.required',
  'password.mismatch',
  'password.same-as-current',
  'password.too-short',
  'password.too-long',
  'password.banned',
  'password.too-common',
  'password.breached',
  'password.too-weak',
  'password.contains-name',
  'password.contains-office',
  'password.unacceptable-character',
  'attempt.none',
  'attempt.expired',
  'attempt.finished',
  'attempt.gates-open',
  'attempt.writing',
  'attempt.not-eligible',
  'answer.wrong',
  'answer.required',
  'method.unknown',
  'method.too-soon',
  'method.own-domain',
  'method.address-malformed',
  'method.already-registered',
  'method.too-many',
  'method.code-wrong',
  'method.passkey-unusable',
  'method.number-malformed',
  'method.question-missing',
  'method.question-repeated',
  'method.answer-length',
  'method.answer-repeated',
  'pass.limits',
  'pass.not-here',
  'method.proof-needed',
  'link.spent',
  'approval.none',
  'approval.given',
  'desk.busy',
  'desk.directory-away',
  'desk.suspended',
  'limit.address',
  'limit.puzzle',
  'unlock.not-locked',
  'unlock.by-administrator',
  'help.unavailable',
  'session.ended',
  'block.none',
  'block.not-yours',
  'sync.empty',
  'sync.brake',
  'sync.running',
] as const;
export type RefusalKey = (typeof refusals)[number];

/** What an attempt wants. */
export type Intention = 'reset' | 'unlock';
