/** `npm run demo`: the whole story, once, on a stack of its own. Exits 0 where every number came out right. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { pino } from "pino";

import { playStory } from "./demo/story.ts";
import { startLocalStack } from "./local/localStack.ts";

if (process.argv.includes("--help")) {
  console.log(
    "npm run demo      buys, spends, settles, claims and refunds on a local chain of its own, and checks the books",
  );
} else {
  const dataFolder = await mkdtemp(join(tmpdir(), "compute-credits-demo-"));
  console.log("Building the contracts and starting a chain and a server …\n");
  const stack = await startLocalStack({
    chainPort: 0,
    port: 0,
    dataFolder,
    settleIntervalSeconds: 1,
    feeBps: 200,
    log: pino({ level: "warn" }),
  });
  try {
    await playStory(stack, console.log);
    console.log("\nDone.");
  } finally {
    await stack.stop();
    await rm(dataFolder, { recursive: true, force: true });
  }
}
