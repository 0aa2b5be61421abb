/** What the toolkit's own steps tell each other about one request. Only src/web sees this. */

import type { ParameterizedContext } from 'koa';
import type { Instant } from '../rules/time.ts';
import type { Caller } from './caller.ts';

export interface State {
  at: Instant;
  supportCode: string;
  /** The route's pattern, for the log: never the path itself, which may hold a token. */
  pattern: string;
  /** Null until it is known, and for what needs nobody. */
  caller: Caller | null;
}
export type Context = ParameterizedContext<State>;

/** What is written about the running of the server; pino's logger is one. */
export interface Log {
  debug(facts: object, words: string): void;
  info(facts: object, words: string): void;
  warn(facts: object, words: string): void;
  error(facts: object, words: string): void;
}
