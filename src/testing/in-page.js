/* Looks at a page from inside the browser: what is too wide, too small, too faint or cut off. Run there by src/web/look.test.ts. */

const shown = (selector) => [...document.querySelectorAll(selector)].filter((part) => part.checkVisibility());
const short = (part) => part.outerHTML.slice(0, 120);

const looking = {
  /** How many pixels the page is wider than the screen, and by what. */
  overflow() {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    return shown('body *')
      .filter((part) => part.getBoundingClientRect().right > clientWidth + 1)
      .map(short);
  },

  /** Controls under 24 px (WCAG 2.5.8; links inside a sentence are excepted by it) or without a name. */
  smallOrNameless() {
    return shown('a, button, input:not([type=hidden]), textarea')
      .filter((control) => !control.matches('.unseen, .skip, p a, .summary a, time'))
      .filter((control) => {
        const { width, height } = (control.closest('.choice') ?? control).getBoundingClientRect();
        const isNamed = control.textContent.trim() !== '' || [...(control.labels ?? [])].some((label) => label.textContent.trim() !== '');
        return !isNamed || width < 24 || height < 24;
      })
      .map(short);
  },

  /** Pairs of the sheet's colours that do not stand out from each other. */
  faint(pairs) {
    return pairs.flatMap(([over, under, least]) => {
      const [one, other] = [luminance(over), luminance(under)];
      const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      return ratio >= least ? [] : [`${over} on ${under}: ${ratio.toFixed(2)}`];
    });
  },

  /** What is cut off once letters, words and lines stand as wide apart as WCAG 1.4.12 says. */
  cutOffWhenSpaced() {
    sheetOf('* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }');
    return shown('main *:not(.unseen, svg, svg *, input, textarea, .state)')
      .filter((part) => getComputedStyle(part).overflow === 'hidden' && part.scrollHeight > part.clientHeight + 1)
      .map(short);
  },

  focused() {
    const part = document.activeElement;
    const ring = part.closest('.choice') ?? part;
    return {
      id: part.id,
      name: part.name || part.textContent,
      className: part.className,
      href: part.getAttribute('href'),
      ring: getComputedStyle(ring).outlineWidth,
    };
  },
};
globalThis.looking = looking;

function sheetOf(rules) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(rules);
  document.adoptedStyleSheets = [sheet];
}

/** Relative luminance of a token, as WCAG 2 computes it. */
function luminance(token) {
  sheetOf(`.probe { color: var(--${token}) }`);
  const probe = document.body.appendChild(document.createElement('i'));
  probe.className = 'probe';
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  canvas.fillStyle = getComputedStyle(probe).color;
  canvas.fillRect(0, 0, 1, 1);
  probe.remove();
  const [red, green, blue] = [...canvas.getImageData(0, 0, 1, 1).data].map((byte) => {
    const part = byte / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
