/** An expected no, as a key and its parameters; it becomes words only at the last moment and knows no language. */

import type { RefusalKey } from './vocabulary.ts';

export type Params = Readonly<Record<string, string | number>>;

export class Refusal {
  readonly key: RefusalKey;
  readonly params: Params;
  /** The form field that the refusal belongs to, or none for the whole page. */
  readonly field: string | null;
  /** What the outside said, word for word: for the journal, never for a page. */
  readonly raw: string | null;

  constructor(key: RefusalKey, more: { params?: Params; field?: string; raw?: string } = {}) {
    this.key = key;
    this.params = more.params ?? {};
    this.field = more.field ?? null;
    this.raw = more.raw ?? null;
  }

  /** The same refusal, shown at a field of the form. */
  at(field: string): Refusal {
    return new Refusal(this.key, { params: this.params, field, ...(this.raw === null ? {} : { raw: this.raw }) });
  }
}

export const isRefusal = (value: unknown): value is Refusal => value instanceof Refusal;
