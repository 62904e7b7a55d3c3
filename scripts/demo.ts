/**
 * `npm run demo`: plays the whole story on its own stack. Exits with 0 if every number is right.
 */
import { readOptions, run, UsageError } from "@compute-credits/platform/process/commandLine";

const HELP = `npm run demo [-- --auditors 2]

Buys, spends, settles, claims and refunds on a local chain of its own, with an auditor, and checks
every number against the chain.

  --auditors NUMBER   1: a checkpoint takes the meter's signature and the auditor's (2 of 2)
                      2: a checkpoint takes any two signatures of meter and auditors (2 of 3)
  --help              this text`;

await run(async () => {
  const { values } = readOptions({
    options: {
      auditors: { type: "string", default: "1" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) console.log(HELP);
  else if (values.auditors === "1") await play(1);
  else if (values.auditors === "2") await play(2);
  else throw new UsageError(`--auditors is 1 or 2, not "${values.auditors}".`);
});

async function play(auditors: 1 | 2): Promise<void> {
  const who = auditors === 1 ? "an auditor" : "two auditors";
  console.log(
    `Starting a chain, a server and ${who}: a checkpoint takes 2 of ${auditors + 1} signatures …\n`,
  );
  // Loaded only now: a wrong option is answered at once.
  const [{ pino }, { startAuditedStack }, { playStory }] = await Promise.all([
    import("pino"),
    import("./demo/auditedStack.ts"),
    import("./demo/story.ts"),
  ]);
  const stack = await startAuditedStack(
    pino({ level: "warn" }),
    ({ cut, findings, entries, milliseconds }) => {
      const { epoch } = cut.message;
      console.log(
        findings.length === 0
          ? `   (an auditor reproduced checkpoint ${epoch} from ${entries} log entries in ${Math.round(milliseconds)} ms and co-signs it)`
          : `   (an auditor refuses checkpoint ${epoch}: ${findings[0]?.text})`,
      );
    },
    { auditors },
  );
  try {
    await playStory(stack, console.log);
    console.log("\nDone.");
  } finally {
    await stack.stop();
  }
}
