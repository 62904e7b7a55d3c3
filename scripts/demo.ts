/** `npm run demo`: the whole story, once, on a stack of its own. Exits 0 where every number came out right. */
import { pino } from "pino";

import { startAuditedStack } from "./demo/auditedStack.ts";
import { playStory } from "./demo/story.ts";

if (process.argv.includes("--help")) {
  console.log(
    "npm run demo      buys, spends, settles, claims and refunds on a local chain of its own, under an auditor's eyes, and checks the books",
  );
} else {
  console.log("Building the contracts and starting a chain, a server and an auditor …\n");
  const stack = await startAuditedStack(
    pino({ level: "warn" }),
    ({ cut, findings, entries, milliseconds }) => {
      const { epoch } = cut.message;
      console.log(
        findings.length === 0
          ? `   (the auditor made checkpoint ${epoch} again from ${entries} entries of the log, in ${Math.round(milliseconds)} ms, and co-signs it)`
          : `   (the auditor refuses checkpoint ${epoch}: ${findings[0]?.text})`,
      );
    },
  );
  try {
    await playStory(stack, console.log);
    console.log("\nDone.");
  } finally {
    await stack.stop();
  }
}
