/** A request that no page function gets to see, and the page that says so. Not for expected refusals of a form: those are `Refusal`. */

export class Unacceptable extends Error {
  readonly status: number;
  readonly view: string;
  readonly headers: Readonly<Record<string, string>>;

  /** `reason` is for the log alone. */
  constructor(status: number, reason: string, headers: Readonly<Record<string, string>> = {}) {
    super(reason);
    this.status = status;
    this.view = views[status] ?? 'error/unreadable';
    this.headers = headers;
  }
}

const views: Readonly<Record<number, string>> = {
  403: 'error/refused',
  404: 'error/not-found',
  405: 'error/not-found',
  413: 'error/too-large',
};

/** A signed-in person at a door that their role does not open. */
export class NotForYou extends Unacceptable {
  override readonly view = 'error/not-for-you';
  constructor() {
    super(403, 'role does not open this door');
  }
}
