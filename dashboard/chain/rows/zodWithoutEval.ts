// A worker has globals of its own: see public/assets/zod-without-eval.js. Import it first.
Object.assign(globalThis, { __zod_globalConfig: { jitless: true } });
