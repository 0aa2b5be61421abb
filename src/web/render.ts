/** Pages from templates: koa-views with eta, all compiled at start. Knows words and markup, and no portal. */

import { readdirSync } from 'node:fs';
import { relative } from 'node:path';
import { Eta } from 'eta';
import type { Middleware } from 'koa';
import views from 'koa-views';
import type { Account, Role } from '../rules/account.ts';
import { isRefusal, type Refusal } from '../rules/refusal.ts';
import { day, hour, type Instant, minute, second } from '../rules/time.ts';
import type { Texts } from '../text/texts.ts';
import type { PageModel } from './visit.ts';

/** What the frame of a page must be told; the templates' own manual stands at the top of views/layout.eta. */
export interface Frame {
  readonly view: string;
  readonly model: PageModel;
  readonly path: string;
  readonly language: string;
  readonly office: string;
  /** Shown by name once sign-in is complete. */
  readonly account: Account | null;
  /** Signing out is offered as soon as there is a session at all (ASVS 7.4.4). */
  readonly isSignedIn: boolean;
  readonly supportCode: string;
  readonly csrf: string;
  readonly at: Instant;
}

export interface Views {
  /** Gives Koa's context its `render`. */
  readonly middleware: Middleware;
  /** The name of the template and its whole model, for `ctx.render`. */
  page(frame: Frame): { template: string; model: Record<string, unknown> };
}

interface Needs {
  readonly viewsDir: string;
  readonly texts: Texts;
  /** The address of a file of public/. */
  readonly asset: (name: string) => string;
  /** Whether a GET page stands at this path: navigation names no page that is not there. */
  readonly hasPage: (path: string) => boolean;
}

export function createViews({ viewsDir, texts, asset, hasPage }: Needs): Views {
  const eta = compiled(viewsDir);

  const page = (frame: Frame): { template: string; model: Record<string, unknown> } => {
    const { language, model } = frame;
    const t = (key: string, params?: Readonly<Record<string, string | number>>) => texts.find(language, key, params) ?? key;
    const placed = new Set<Refusal>();
    const places = new Map<Refusal, string>();
    const refusals = (model.refusals ?? []).filter(isRefusal);
    const sentence = (refusal: Refusal): string => t(`refusal.${refusal.key}`, refusal.params);
    const tools = {
      t,
      asset,
      attributes,
      csrf: `<input type="hidden" name="csrf" value="${frame.csrf}">`,
      typed: model.typed ?? {},
      icon: (name: string) => part('icon', { name }),
      part: (name: string, params: object = {}) => part(name, params),
      date: (at: Instant) => dateWords(language, at),
      when: (at: Instant) => timeElement({ language, at, now: frame.at }),
      /** The sentences for a field, which is then known to show them itself. */
      refusalsAt(field: string, id: string): readonly string[] {
        const own = refusals.filter((refusal) => refusal.field === field);
        for (const refusal of own) {
          placed.add(refusal);
          places.set(refusal, id);
        }
        return own.map(sentence);
      },
      /** The cursor starts at the one field that was refused, or else at the page's first; never when the summary has it. */
      focus: (isFirst: unknown, errors: readonly string[]) =>
        refusals.length === 0 ? isFirst === true : refusals.length === 1 && errors.length > 0,
    };
    const part = (name: string, params: object): string => eta.render(`/part/${name}.eta`, { ...params, ...tools });
    const own = {
      path: frame.path,
      title: t(`${frame.view.replaceAll('/', '.')}.title`, model.titleParams),
      site: {
        language,
        languageName: new Intl.DisplayNames([language], { type: 'language' }).of(language),
        direction: texts.direction(language),
        office: frame.office,
        hasPage,
        account: frame.account,
        isSignedIn: frame.isSignedIn,
        supportCode: typeof model.supportCode === 'string' ? model.supportCode : frame.supportCode,
        hasRefusals: refusals.length > 0,
        staffDoors: staffDoors(frame.account?.role ?? 'person')
          .filter(({ path }) => hasPage(path))
          .map((door) => ({ ...door, words: t(door.text) })),
        stepWords: ({ at, of }: { at: number; of?: number | null }) => (of ? t('frame.step-of', { at, of }) : t('frame.step', { at })),
        /** Read by the frame after the page's own fields: all of two or more, or those without a place. */
        unplaced: () =>
          (refusals.length > 1 ? refusals : refusals.filter((refusal) => !placed.has(refusal))).map((refusal) => ({
            words: sentence(refusal),
            field: places.get(refusal) ?? null,
          })),
      },
    };
    return { template: `${frame.view}.eta`, model: { ...model, ...tools, ...own } };
  };

  return {
    // koa-views' own way to eta cannot find templates by absolute path, hence the engine by hand; `map` keeps its "html" shortcut out.
    middleware: views(viewsDir, {
      extension: 'eta',
      map: { eta: 'eta' },
      engineSource: { eta: async (path: string, model: object) => eta.render(`/${relative(viewsDir, path)}`, model) },
    }) as Middleware,
    page,
  };
}

/** Every template is compiled now, so that a mistake in one is found at start and not by a person. */
function compiled(viewsDir: string): Eta {
  const eta = new Eta({ views: viewsDir, cache: true, autoFilter: true, filterFunction: (value: unknown) => (value ?? '') as string });
  for (const name of readdirSync(viewsDir, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.eta')) continue;
    const path = eta.resolvePath(`/${name}`);
    eta.templatesSync.define(path, eta.compile(eta.readFile(path), { filepath: path }));
  }
  return eta;
}

/** ` name="value"` for each that has one; true stands alone, null and false are left out. */
function attributes(given: Readonly<Record<string, string | number | boolean | null | undefined>>): string {
  return Object.entries(given)
    .filter(([, value]) => value !== null && value !== undefined && value !== false && value !== '')
    .map(([name, value]) => (value === true ? ` ${name}` : ` ${name}="${escaped(String(value))}"`))
    .join('');
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (words: string): string => words.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);

const dateWords = (language: string, at: Instant): string => new Intl.DateTimeFormat(language, { dateStyle: 'long' }).format(at);

const spans = [
  ['day', day],
  ['hour', hour],
  ['minute', minute],
  ['second', second],
] as const;

/** Relative for reading, exact on hover and in print; past a month the date says more. */
function timeElement({ language, at, now }: { language: string; at: Instant; now: Instant }): string {
  const exact = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(at);
  const distance = at - now;
  const [unit, length] = spans.find(([, span]) => Math.abs(distance) >= span) ?? (['second', second] as const);
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(Math.round(distance / length), unit);
  const words = Math.abs(distance) > 30 * day ? dateWords(language, at) : relative;
  return `<time datetime="${new Date(at).toISOString()}" title="${escaped(exact)}" data-exact="${escaped(exact)}">${escaped(words)}</time>`;
}

interface StaffDoor {
  readonly path: string;
  readonly text: string;
  readonly icon: string;
  readonly roles: readonly Role[];
}
const doors: readonly StaffDoor[] = [
  { path: '/admin', text: 'navigation.overview', icon: 'health', roles: ['administrator'] },
  { path: '/admin/people', text: 'navigation.people', icon: 'people', roles: ['administrator', 'helpdesk', 'auditor'] },
  { path: '/admin/policy', text: 'navigation.policy', icon: 'rules', roles: ['administrator'] },
  { path: '/admin/reports', text: 'navigation.reports', icon: 'chart', roles: ['administrator', 'auditor'] },
  { path: '/admin/directory', text: 'navigation.directory', icon: 'directory', roles: ['administrator'] },
  { path: '/admin/system', text: 'navigation.system', icon: 'system', roles: ['administrator'] },
];
const staffDoors = (role: Role): readonly StaffDoor[] => doors.filter(({ roles }) => roles.includes(role));
