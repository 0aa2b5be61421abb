/** When no page function answered: the page that says so, and what the log is told. The text of an error never reaches a page. */

import type { Answer } from './answer.ts';
import type { Caller } from './caller.ts';
import type { Context, Log } from './context.ts';
import { Unacceptable } from './unacceptable.ts';
import { page } from './visit.ts';

interface Needs {
  readonly answer: Answer;
  readonly callerOf: (context: Context) => Caller;
  readonly log: Log;
}

export function mishaps({ answer, callerOf, log }: Needs): (context: Context, problem: unknown) => Promise<void> {
  return async (context, problem) => {
    const { supportCode, pattern: route } = context.state;
    const known = problem instanceof Unacceptable ? problem : null;
    const status = known?.status ?? 500;
    if (known === null) log.error({ supportCode, route, problem: traceOf(problem) }, 'unexpected error');
    else if (status === 403)
      log.warn({ supportCode, route, reason: known.message, address: context.state.caller?.address }, 'request refused');
    // What the page had begun to say must not go out with the error.
    context.remove('Set-Cookie');
    context.remove('Location');
    context.remove('Clear-Site-Data');
    try {
      await answer(context, page(known?.view ?? 'error/unexpected', {}, { status }), callerOf(context));
    } catch (again) {
      log.error({ supportCode, route, problem: traceOf(again) }, 'the error page failed too');
      bareWords(context, status);
    }
    for (const [name, value] of Object.entries(known?.headers ?? {})) context.set(name, value);
  };
}

/** When even a page cannot be made (the store is gone, say). */
function bareWords(context: Context, status: number): void {
  context.status = status;
  context.type = 'text/plain; charset=utf-8';
  context.body = `This page cannot be shown at the moment. Please try again in a minute. Support code: ${context.state.supportCode}\n`;
}

const traceOf = (problem: unknown): string => (problem instanceof Error ? (problem.stack ?? problem.message) : typeof problem);
