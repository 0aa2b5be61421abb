/** The direction of imports, one rule a row. `npm run check` applies it; src/architecture.test.ts plants a violation of each and sees it found. */

const portals = 'registration|reset|access|admin|reports';
const test = '[.]test[.]ts$';
const outside = ['^src/(testing|bench)/', test];
/** A portal's page functions; every other file of a portal is a flow. */
const pages = '[/-]pages[.]ts$';
const library = (names) => `(^|/)node_modules/(${names})/`;

const rows = [
  {
    name: 'rules-import-only-rules',
    comment: 'The domain is pure: no clock, chance, disk or network.',
    from: { path: ['^src/rules/', '^src/sync/(plan|patch)[.]ts$'], pathNot: test },
    to: { pathNot: ['^src/rules/', '^src/sync/plan[.]ts$'] },
  },
  {
    name: 'world-imports-only-rules',
    comment: 'The narrow waist names what lies outside; it must not reach it.',
    from: { path: '^src/world[.]ts$' },
    to: { pathNot: '^src/rules/' },
  },
  {
    name: 'methods-import-rules-and-world',
    comment: 'A method is a way to prove who you are; how its code travels or is kept is the world’s part.',
    from: { path: '^src/methods/', pathNot: test },
    to: {
      pathNot: [
        '^src/(rules|methods)/',
        '^src/(world|notice)[.]ts$',
        library('otpauth|qrcode|@types/qrcode|zod|@simplewebauthn/server|libphonenumber-js'),
      ],
    },
  },
  {
    name: 'flows-import-rules-methods-and-world',
    comment: 'A flow says what happens; it sees neither Koa nor an adapter.',
    from: {
      path: `^src/(set-password|aftermath|late-writes|password-judge|earlier-passwords|front-door|dry-run|notice|sync|${portals})[/.]`,
      pathNot: [pages, test, '^src/sync/plan[.]ts$'],
    },
    to: {
      pathNot: [
        '^src/(rules|methods|$1)/',
        '^src/(world|set-password|aftermath|late-writes|password-judge|earlier-passwords|front-door|notice)[.]ts$',
      ],
    },
  },
  {
    name: 'flows-know-no-pages',
    comment: 'Pages show what a flow did, never the other way round.',
    from: { path: `^src/(${portals})/`, pathNot: [pages, test] },
    to: { path: `^src/(${portals})/([a-z-]*)pages[.]ts$` },
  },
  {
    name: 'pages-add-their-flow-and-web',
    comment: 'A page function turns a visit into a reply and holds nothing else.',
    from: { path: `^src/(${portals})/([a-z-]*)pages[.]ts$` },
    to: { pathNot: ['^src/(rules|methods|web|$1)/', '^src/(world|set-password|front-door)[.]ts$'] },
  },
  {
    name: 'adapters-import-rules-and-world',
    comment: 'An adapter fulfils an interface of world.ts with its own libraries and knows no other adapter.',
    from: { path: '^src/(store|directory|delivery|lore|system|vault|deferral|homes|local-passwords)[/.]', pathNot: test },
    to: { path: '^src/', pathNot: ['^src/(rules|text|$1)/', '^src/(world|local-passwords)[.]ts$', '[.]d[.]ts$'] },
  },
  {
    name: 'web-knows-no-portal',
    comment: 'The toolkit serves any page function; routes.ts tells it which.',
    from: { path: '^src/web/', pathNot: test },
    to: { path: '^src/', pathNot: ['^src/(rules|web|text)/', '^src/world[.]ts$'] },
  },
  {
    name: 'no-portal-imports-another',
    comment: 'Shared meaning goes down to rules, shared mechanism to web or an adapter.',
    from: { path: `^src/(${portals})/`, pathNot: test },
    to: { path: `^src/(${portals})/`, pathNot: '^src/$1/' },
  },
  {
    name: 'only-app-wires',
    comment:
      'Only app.ts (sync-errand.ts in the thread of a sync, the commands, tests and benchmarks) chooses what fulfils the world. config.ts names their settings by type.',
    from: { path: '^src/([^/]+)', pathNot: ['^src/(app|main|config|config/sms|sync-errand)[.]ts$', '^src/commands[/.]', ...outside] },
    to: { path: ['^src/(store|directory|delivery|lore)/', '^src/(system|vault|deferral|homes|app)[.]ts$'], pathNot: '^src/$1' },
  },
  {
    name: 'config-knows-adapters-by-type',
    comment: 'Reading the configuration starts nothing.',
    from: { path: '^src/config[/.]', pathNot: test },
    to: { path: '^src/', pathNot: '^src/(rules|config)[/.]', dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'only-directory-speaks-ldap',
    comment: 'Entries and LDAP errors never leave src/directory.',
    from: { path: '^src/', pathNot: '^src/directory/' },
    to: { path: library('ldapjs|@ldapjs/[^/]+|@types/ldapjs') },
  },
  {
    name: 'only-store-speaks-sql',
    comment: 'Row types never leave src/store.',
    from: { path: '^src/', pathNot: '^src/store/' },
    to: { path: library('drizzle-orm|better-sqlite3|@types/better-sqlite3') },
  },
  {
    name: 'only-web-speaks-koa',
    comment: 'Koa’s context never leaves src/web.',
    from: { path: '^src/', pathNot: '^src/web/' },
    to: { path: library('koa|@koa/[^/]+|koa-views|raw-body|@types/koa') },
  },
  {
    name: 'nothing-imports-testing',
    comment: 'What is only for tests is not in the product.',
    from: { path: '^src/', pathNot: outside },
    to: { path: ['^src/(testing|bench)/', test] },
  },
  {
    name: 'no-development-packages',
    comment: 'The image has no devDependencies.',
    from: { path: '^src/', pathNot: outside },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'no-circles',
    comment: 'Two files that need each other tell one story.',
    from: { path: '^src/' },
    to: { circular: true },
  },
  {
    name: 'nothing-unresolved',
    comment: 'An import that cannot be followed escapes every other rule.',
    from: { path: '^src/' },
    to: { couldNotResolve: true },
  },
];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  // Without a severity a violation is only a warning, and a warning fails nothing.
  forbidden: rows.map((row) => ({ ...row, severity: 'error' })),
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^([.]node|coverage|[.]cache)/' },
    enhancedResolveOptions: {
      conditionNames: ['types', 'import', 'node', 'default'],
      extensions: ['.ts', '.js', '.json', '.d.ts', '.cjs', '.mjs'],
    },
  },
};
