/** Pages from templates: koa-views with eta, all compiled at start. Knows words and markup, and no portal. */

import { readdirSync } from 'node:fs';
import { relative } from 'node:path';
import { Eta } from 'eta';
import type { Middleware } from 'koa';
import views from 'koa-views';
import type { Account } from '../rules/account.ts';
import type { Instant } from '../rules/time.ts';
import type { Texts } from '../text/texts.ts';
import { attributes, escaped } from './markup.ts';
import type { Puzzle } from './puzzle.ts';
import { type Placement, placementOf } from './placement.ts';
import { staffDoors } from './staff-doors.ts';
import { dateWords, languageName, timeElement } from './time-words.ts';
import type { PageModel } from './visit.ts';

/** One page and what stands around it; the templates' own manual is at the top of views/layout.eta. */
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
  /** What this address owes before a login is taken from it; asked only by a page that takes one. */
  readonly puzzle: () => Puzzle | null;
}

export interface Views {
  /** Gives Koa's context its `render`. */
  readonly middleware: Middleware;
  /** The file of the template and its whole model, for `ctx.render`. */
  page(frame: Frame): { template: string; model: Record<string, unknown> };
}

interface Needs {
  readonly viewsDir: string;
  readonly texts: Texts;
  /** The address of a file of public/. */
  readonly asset: (name: string) => string;
  /** Whether a page stands at this path: no door is shown that leads nowhere. */
  readonly hasPage: (path: string) => boolean;
}

type Words = (key: string, params?: Readonly<Record<string, string | number>>) => string;

/** Throws at once, naming the file, when a template does not compile. */
export function createViews(needs: Needs): Views {
  const { viewsDir, texts } = needs;
  const eta = compiled(viewsDir);
  const draw = (name: string, model: object): string => eta.render(`/part/${name}.eta`, model);
  return {
    // koa-views' own way to eta cannot find templates by absolute path, hence the engine by hand; `map` keeps its "html" shortcut out.
    middleware: views(viewsDir, {
      extension: 'eta',
      map: { eta: 'eta' },
      engineSource: { eta: async (path: string, model: object) => eta.render(`/${relative(viewsDir, path)}`, model) },
    }) as Middleware,
    page(frame) {
      const t: Words = (key, params) => texts.find(frame.language, key, params) ?? key;
      const placement = placementOf(frame.model.refusals, ({ key, params }) => t(`refusal.${key}`, params));
      const tools = toolsOf(frame, { ...needs, t, placement, draw });
      const around = {
        path: frame.path,
        title: titleOf(frame, t)(frame.model.titleParams),
        site: siteOf(frame, { ...needs, t, placement }),
      };
      return { template: `${frame.view}.eta`, model: { ...frame.model, ...tools, ...around } };
    },
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

const titleOf =
  ({ view }: Frame, t: Words) =>
  (params: PageModel['titleParams']): string =>
    t(`${view.replaceAll('/', '.')}.title`, params);

interface Making extends Needs {
  readonly t: Words;
  readonly placement: Placement;
}

/** What every page and every part can use. A part gets these and its own parameters, never the page's model. */
function toolsOf(frame: Frame, { t, asset, placement, draw }: Making & { draw: (name: string, model: object) => string }) {
  const tools = {
    t,
    asset,
    attributes,
    csrf: `<input type="hidden" name="csrf" value="${escaped(frame.csrf)}">`,
    typed: frame.model.typed ?? {},
    puzzle: frame.puzzle,
    date: (at: Instant) => dateWords(frame.language, at),
    when: (at: Instant) => timeElement({ language: frame.language, at, now: frame.at }),
    refusalsAt: placement.at,
    focus: placement.isFocus,
    part: (name: string, params: object = {}): string => draw(name, { ...params, ...tools }),
    icon: (name: string): string => draw('icon', { name }),
  };
  return tools;
}

/** What the layout alone needs. */
function siteOf(frame: Frame, { t, texts, placement, hasPage }: Making) {
  const { language, office, account, isSignedIn, model } = frame;
  return {
    language,
    languageName: languageName(language),
    direction: texts.direction(language),
    office,
    account,
    isSignedIn,
    hasPage,
    supportCode: typeof model.supportCode === 'string' ? model.supportCode : frame.supportCode,
    /** Asked again by the layout, which a template may have told the title's parameters. */
    title: titleOf(frame, t),
    hasRefusals: !placement.isEmpty,
    unplaced: placement.summary,
    staffDoors: () =>
      staffDoors(account?.role ?? 'person')
        .filter(({ path }) => hasPage(path))
        .map((door) => ({ ...door, words: t(door.text) })),
    stepWords: ({ at, of }: { at: number; of?: number | null }) => (of ? t('frame.step-of', { at, of }) : t('frame.step', { at })),
  };
}
