/** `npm run drill`: loses a machine, restores a backup, and recovers what it lacks, on its own stack. */
import { readOptions, run } from "@compute-credits/platform/process/commandLine";

const HELP = `npm run drill [-- --without-backup]

Rehearses docs/recovery.md with real processes: a chain, PostgreSQL, a metering server, an auditor that
co-signs, and a mirror of the log. PostgreSQL's machine is lost, its backup is older than what clients
were told, and "npm run recover" brings the rest back from the mirror. Every number is checked.
Exits with 0 if all are right.

  --without-backup   there is no backup at all: the ledger is made anew from the mirror
  --help             this text`;

await run(async () => {
  const { values } = readOptions({
    options: {
      "without-backup": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  // Loaded only now: a wrong option is answered at once.
  const { recoveryDrill } = await import("./drill/recoveryDrill.ts");
  await recoveryDrill({ hasBackup: !values["without-backup"] }, console.log);
});
