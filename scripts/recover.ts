/** `npm run recover`: brings a ledger that was replaced by an older copy up to its log. */
import { MAINTENANCE_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import { readOptions, run, UsageError } from "@compute-credits/platform/process/commandLine";
import { ConfigError } from "@compute-credits/platform/process/environment";
import { JournalDamaged } from "@compute-credits/platform/signing/signingJournal";
import { MirrorMismatch } from "../auditor/mirror/mirrorFolder.ts";
import { type Config, readConfig } from "../server/config.ts";
import { forgetPosition } from "../server/positionFile.ts";
import { createCheckpointStore } from "../server/stores/checkpoints/postgresCheckpointStore.ts";
import { createPositionStore } from "../server/stores/position/postgresPositionStore.ts";
import { openOperatorLedger } from "./operatorLedger.ts";
import { endCallers } from "./recover/endCallers.ts";
import { findMissing, readSigned } from "./recover/findMissing.ts";
import { type CopyOptions, recoverFromCopy } from "./recover/recoverFromCopy.ts";

const HELP = `npm run recover [-- OPTIONS]

Says why the servers of a ledger stopped metering, and whether the ledger lacks a checkpoint that
was signed or is on the chain. With a copy of the log it brings the database up to it: an older
state of the database, or a new and empty one. Reads the server's environment. Stop all servers first.

  --mirror FOLDER     a copy of the log (npm run mirror). A second one vouches for what no signer
                      has signed yet
  --accept-unsigned   takes the copy's end as it is, although no signer and no other copy vouches
                      for it
  --accept-findings   takes a log that an auditor with this server's settings would object to
  --scratch URL       an empty PostgreSQL database for the replay (an embedded one)
  --accept-loss       lets the servers meter again, without what is lost. Refused while a signed
                      checkpoint is missing: then only a later copy helps
  --help              this text

docs/recovery.md says what is lost and who bears it.`;

await run(
  async () => {
    const { values } = readOptions({
      options: {
        mirror: { type: "string", multiple: true, default: [] },
        "accept-unsigned": { type: "boolean", default: false },
        "accept-findings": { type: "boolean", default: false },
        scratch: { type: "string" },
        "accept-loss": { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      return;
    }
    const folders = values.mirror;
    const needsCopy =
      values["accept-unsigned"] || values["accept-findings"] || values.scratch !== undefined;
    if (needsCopy && folders.length === 0) {
      throw new UsageError(
        "--accept-unsigned, --accept-findings and --scratch are about a copy: name it by --mirror.",
      );
    }
    const copy = {
      folders,
      acceptsUnsigned: values["accept-unsigned"],
      acceptsFindings: values["accept-findings"],
      scratchUrl: values.scratch ?? null,
    };
    await recover(readConfig(process.env), {
      copy: folders.length === 0 ? null : copy,
      acceptsLoss: values["accept-loss"],
    });
  },
  (error) =>
    error instanceof ConfigError ||
    error instanceof JournalDamaged ||
    error instanceof MirrorMismatch
      ? error.message
      : null,
);

async function recover(
  config: Config,
  { copy, acceptsLoss }: { readonly copy: CopyOptions | null; readonly acceptsLoss: boolean },
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const ledger = await openOperatorLedger(config, MAINTENANCE_LIMITS, stack);
  const { chain, database, origin } = ledger;
  const positions = createPositionStore(database);
  const checkpoints = createCheckpointStore(database);
  const name = { ...chain.deployment, origin: origin.hash };
  const signed = await readSigned(config.journalFolder, name);

  const stop = await positions.stop();
  console.log(
    stop === null
      ? "No server has recorded a stop in this database."
      : `Metering stopped ${stop.stoppedAt.toISOString()}: ${stop.message}`,
  );
  if (copy !== null) {
    // A server that is started too early waits.
    if (stop === null) await positions.recordStop("A recovery is under way (npm run recover).");
    try {
      await recoverFromCopy({ ...ledger, config, signed }, copy);
    } catch (error) {
      if (stop === null) await positions.endStop();
      throw error;
    }
  }

  const missing = await findMissing(checkpoints, chain, signed);
  if (missing.length > 0) {
    console.log(`This database lacks:\n${missing.map((one) => `  - ${one}`).join("\n")}`);
    throw new UsageError(
      "Use a later copy: a standby, an archive of PostgreSQL's log up to its end, or another " +
        "mirror (--mirror). Until then nothing is metered and nothing is signed.",
    );
  }
  console.log("Every checkpoint that was signed or is on the chain is in this database.");
  if (copy === null && !acceptsLoss) {
    console.log(
      "To bring it up to a copy of the log: npm run recover -- --mirror FOLDER. " +
        "To meter again without what is lost: npm run recover -- --accept-loss",
    );
    return;
  }
  await endCallers(database);
  await positions.endStop();
  await forgetPosition(config.journalFolder, name);
  console.log(
    "The servers may start. What was recorded after the copy's end is lost: providers bear those " +
      "debits, and may report them again. Auditors that saw them refuse the next checkpoints.",
  );
}
