/* Comfort only: every page works without it. Shows passwords, ticks the rules and estimates the strength while typing, puts an offer into its fields, copies, prints, and keeps a form from being sent twice. */

for (const box of document.querySelectorAll('.reveal')) addReveal(box, box.querySelector('input'));
for (const list of document.querySelectorAll('[data-rules-for]')) tickRules(list, document.getElementById(list.dataset.rulesFor));
for (const button of document.querySelectorAll('[data-copy]'))
  offer(button, () => copyFrom(document.querySelector(button.dataset.copy), button));
for (const line of document.querySelectorAll('[data-strength-of]')) estimate(line, document.getElementById(line.dataset.strengthOf));
for (const button of document.querySelectorAll('[data-fill]'))
  offer(button, () => fill(document.querySelectorAll(button.dataset.fills), document.querySelector(button.dataset.fill).textContent));
for (const button of document.querySelectorAll('[data-print]')) offer(button, () => window.print());
for (const form of document.forms) sendOnce(form);

function offer(button, act) {
  button.hidden = false;
  button.addEventListener('click', act);
}

function addReveal(box, input) {
  const { show, shown, hidden } = box.dataset;
  const button = document.createElement('button');
  const told = document.createElement('span');
  button.type = 'button';
  button.textContent = show;
  button.setAttribute('aria-controls', input.id);
  button.setAttribute('aria-pressed', 'false');
  told.className = 'unseen';
  told.setAttribute('role', 'status');
  box.append(button, told);
  const reveal = (isShown) => {
    input.type = isShown ? 'text' : 'password';
    button.setAttribute('aria-pressed', String(isShown));
  };
  button.addEventListener('click', () => {
    reveal(input.type === 'password');
    told.textContent = input.type === 'text' ? shown : hidden;
  });
  // What is sent is a password again, so that managers offer to keep it.
  input.form?.addEventListener('submit', () => reveal(false));
}

/* The same judgements as rules/password.ts, as far as a browser can make them; the server's are the ones that count. */
function tickRules(list, input) {
  const { person = '', met, broken, open } = list.dataset;
  const has = (part) => fold(input.value.normalize('NFC')).includes(fold(part));
  const hasOne = (parts = '') => parts.split(' ').some((part) => part !== '' && plain(input.value).includes(part));
  const isKept = {
    length: ({ least }) => [...input.value.normalize('NFC')].length >= Number(least),
    longest: ({ most }) => [...input.value.normalize('NFC')].length <= Number(most),
    login: ({ parts }) => {
      const login = list.dataset.login || input.form?.elements.login?.value || '';
      return ([...login].length < 3 || !has(login)) && !hasOne(parts);
    },
    name: ({ least, parts }) => !person.split(/[,.\-_ #\t]+/).some((part) => [...part].length >= least && has(part)) && !hasOne(parts),
    office: ({ parts }) => !hasOne(parts),
    classes: () => classes.filter((kind) => kind.test(input.value.normalize('NFC'))).length >= 3,
  };
  const tick = () => {
    for (const row of list.querySelectorAll('[data-rule]')) {
      const judge = isKept[row.dataset.rule];
      if (!judge) continue;
      // What more typing can mend is not yet wrong.
      const unkept = ['longest', 'login', 'name', 'office'].includes(row.dataset.rule) ? 'broken' : 'open';
      const state = input.value === '' ? 'open' : judge(row.dataset) ? 'met' : unkept;
      row.dataset.state = state;
      row.querySelector('.state').textContent = { open, met, broken }[state];
    }
  };
  input.addEventListener('input', tick);
  if (input.value !== '') tick();
}

const classes = [/\p{Lu}/u, /\p{Ll}/u, /[0-9]/, /[!-/:-@[-`{-~]/, /[\p{Lo}\p{Lt}\p{Lm}]/u];

function fold(words) {
  return words.normalize('NFC').toLowerCase().toUpperCase().toLowerCase();
}

/* As rules/banned.ts undoes a disguise. */
function plain(words) {
  return words
    .normalize('NFC')
    .toLowerCase()
    .replace(/[01$@]/g, (sign) => ({ 0: 'o', 1: 'l', $: 's', '@': 'a' })[sign]);
}

/* An estimate to go by while typing, of no consequence: the lists that count are not here. Words count as one of two thousand, and twice the same once. */
function estimate(line, input) {
  input.addEventListener('input', () => {
    const runs = new Set(plain(input.value).match(/\p{L}+|\d+|[^\p{L}\d]+/gu));
    let bits = 0;
    for (const run of runs) bits += bitsOf(run);
    line.hidden = input.value === '';
    const told = bits < 35 ? line.dataset.weak : bits < 50 ? line.dataset.fair : line.dataset.good;
    if (line.textContent !== told) line.textContent = told;
  });
}

function bitsOf(run) {
  const fresh = [...run].filter((letter, at, all) => Math.abs(letter.codePointAt(0) - (all[at - 1]?.codePointAt(0) ?? -9)) > 1).length;
  if (/^\p{L}/u.test(run)) return Math.min(fresh * 4.7, 11 + Math.max(0, fresh - 8));
  return /^(19|20)\d\d$/.test(run) ? 6 : Math.min(fresh, 12) * (/^\d/.test(run) ? 3.3 : 4);
}

function fill(fields, words) {
  for (const field of fields) {
    field.value = words;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }
}

async function copyFrom(place, button) {
  await navigator.clipboard.writeText(place.textContent);
  const words = button.textContent;
  button.textContent = button.dataset.copied ?? '✓';
  setTimeout(() => {
    button.textContent = words;
  }, 2000);
}

/* The second press within a few seconds goes nowhere; the server would bear it, but the person need not wonder. */
function sendOnce(form) {
  let sentAt = -Infinity;
  form.addEventListener('submit', (event) => {
    if (event.timeStamp - sentAt < 4000) {
      event.preventDefault();
      return;
    }
    sentAt = event.timeStamp;
    event.submitter?.setAttribute('aria-busy', 'true');
  });
  addEventListener('pageshow', () => {
    sentAt = -Infinity;
    for (const button of form.querySelectorAll('[aria-busy]')) button.removeAttribute('aria-busy');
  });
}
