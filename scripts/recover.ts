/** `npm run recover`: what a ledger lacks that was replaced by an older copy. */
import { MAINTENANCE_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import { readOptions, run, UsageError } from "@compute-credits/platform/process/commandLine";
import { ConfigError } from "@compute-credits/platform/process/environment";
import { exportJournals } from "@compute-credits/platform/signing/journalExchange";
import { isSameLedger } from "@compute-credits/platform/signing/journalLine";
import { JournalDamaged } from "@compute-credits/platform/signing/signingJournal";
import { type Config, readConfig } from "../server/config.ts";
import { forgetPosition } from "../server/positionFile.ts";
import { createCheckpointStore } from "../server/stores/checkpoints/postgresCheckpointStore.ts";
import { createPositionStore } from "../server/stores/position/postgresPositionStore.ts";
import { openOperatorLedger } from "./operatorLedger.ts";

const HELP = `npm run recover [-- --accept-loss]

Says why the servers of a ledger stopped metering, and whether the ledger lacks a checkpoint that
was signed or is on the chain. Reads the server's environment. Stop all servers first.

  --accept-loss    lets the servers meter again, without what is lost. Refused while a signed
                   checkpoint is missing: then only a later copy of the database helps
  --help           this text

docs/recovery.md says what is lost and who bears it.`;

await run(
  async () => {
    const { values } = readOptions({
      options: {
        "accept-loss": { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      return;
    }
    await recover(readConfig(process.env), values["accept-loss"]);
  },
  (error) =>
    error instanceof ConfigError || error instanceof JournalDamaged ? error.message : null,
);

async function recover(config: Config, acceptsLoss: boolean): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const { chain, database, origin } = await openOperatorLedger(config, MAINTENANCE_LIMITS, stack);
  const positions = createPositionStore(database);
  const checkpoints = createCheckpointStore(database);
  const name = { ...chain.deployment, origin: origin.hash };

  const stop = await positions.stop();
  console.log(
    stop === null
      ? "No server has recorded a stop in this database."
      : `Metering stopped ${stop.stoppedAt.toISOString()}: ${stop.message}`,
  );

  const missing: string[] = [];
  const newest = await chain.latestCheckpoint();
  if (newest.epoch > 0n && !(await checkpoints.isKnown(newest.epoch, newest.root))) {
    missing.push(`the chain's checkpoint ${newest.root} of epoch ${newest.epoch}`);
  }
  const { journals } = await exportJournals(config.journalFolder);
  for (const { address, last, ...owner } of journals) {
    if (!isSameLedger(owner, name) || last.root === null) continue;
    // oxlint-disable-next-line no-await-in-loop -- a handful of keys
    if (await checkpoints.isKnown(last.epoch, last.root)) continue;
    missing.push(`${last.root} of epoch ${last.epoch}, which ${address} signed`);
  }
  if (missing.length > 0) {
    console.log(`This database lacks:\n${missing.map((one) => `  - ${one}`).join("\n")}`);
    throw new UsageError(
      "Restore a later copy: a standby, or an archive of PostgreSQL's log up to its end. " +
        "Until then nothing is metered and nothing is signed.",
    );
  }
  console.log("Every checkpoint that was signed or is on the chain is in this database.");
  if (!acceptsLoss) {
    console.log("To meter again without what is lost: npm run recover -- --accept-loss");
    return;
  }
  await positions.endStop();
  await forgetPosition(config.journalFolder, name);
  console.log(
    "The servers may start. Providers bear the debits that are lost: they may report them again. " +
      "Auditors that saw them refuse the next checkpoints.",
  );
}
