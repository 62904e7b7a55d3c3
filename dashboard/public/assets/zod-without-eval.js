// The page's policy forbids `new Function`, and reports even zod's attempt. Zod reads this when it is
// loaded, before any module of the page could call it. Browsers keep this file for a year: give it
// another name if it changes.
// oxlint-disable-next-line no-underscore-dangle -- zod's own name
globalThis.__zod_globalConfig = { jitless: true };
