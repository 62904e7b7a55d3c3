/** `npm run demo`: the whole story, once, on a stack of its own. Exits 0 where every number came out right. */
import { parseArgs } from "node:util";

import { pino } from "pino";

import { startAuditedStack } from "./demo/auditedStack.ts";
import { playStory } from "./demo/story.ts";

const HELP = `npm run demo [-- --auditors 2]

Buys, spends, settles, claims and refunds on a local chain of its own, under an auditor's eyes, and checks the books.

  --auditors   1: a checkpoint takes the meter's signature and the auditor's (2 of 2)
               2: there are two auditors, and it takes any two signatures (2 of 3)`;

const { values } = parseArgs({
  options: {
    auditors: { type: "string", default: "1" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(HELP);
else if (values.auditors !== "1" && values.auditors !== "2") {
  console.error(`--auditors is 1 or 2, not ${values.auditors}`);
  process.exitCode = 1;
} else {
  const count = values.auditors === "1" ? 1 : 2;
  const signatures = `2 of ${count + 1}`;
  console.log(
    `Building the contracts and starting a chain, a server and auditors: ${signatures} sign a checkpoint …\n`,
  );
  const stack = await startAuditedStack(
    pino({ level: "warn" }),
    ({ cut, findings, entries, milliseconds }) => {
      const { epoch } = cut.message;
      console.log(
        findings.length === 0
          ? `   (an auditor made checkpoint ${epoch} again from ${entries} entries of the log, in ${Math.round(milliseconds)} ms, and co-signs it)`
          : `   (an auditor refuses checkpoint ${epoch}: ${findings[0]?.text})`,
      );
    },
    count,
  );
  try {
    await playStory(stack, console.log);
    console.log("\nDone.");
  } finally {
    await stack.stop();
  }
}
