/** What a command is given: its words and options, and the configuration when it asks for it. */

import type { Config } from '../config.ts';

/** A mistake in the words themselves: told as it stands. */
export class Mistake extends Error {}

export interface Given {
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  /** Reads the configuration; exits with its mistakes when it has any. */
  readonly config: () => Config;
}
