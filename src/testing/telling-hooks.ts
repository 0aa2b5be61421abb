/** uvu 0.5.6 returns from a `finally`, which swallows what a `before` hook threw. Loaded ahead of every test file, this has it printed like any other failure. */

import { registerHooks } from 'node:module';

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith('/uvu/dist/index.mjs')) return loaded;
    const source = Buffer.from(loaded.source as Uint8Array).toString();
    return { ...loaded, source: source.replace(/\} finally \{\s+state/, "} catch (fault) { errors += format('before', fault, name);\n$&") };
  },
});
