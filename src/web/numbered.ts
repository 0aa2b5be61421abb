/** One answer out of a form: of its field, or of the numbered fields of several questions. */

import type { Fields } from './fields.ts';

/** One field, or one line for each of the numbered ones. */
export const answerIn = (form: Fields): string =>
  form.answer ??
  Object.keys(form)
    .filter((name) => /^answer_\d$/.test(name))
    .sort()
    .map((name) => (form[name] ?? '').replaceAll('\n', ' '))
    .join('\n');
