/**
 * `npm run bench:auditor`: how fast an auditor is compared with the ledger. The ledger records
 * batches of debits and cuts a checkpoint. Then an auditor, with its own database on the same
 * PostgreSQL, recomputes it: reads the log, checks every event, saves its state and hashes the
 * table. Neither side uses HTTP, and every signature passes.
 */
import { zeroHash } from "viem";

import { migrateLedger } from "../server/stores/migrateLedger.ts";
import { createAuditor } from "../auditor/auditor.ts";
import { claimAuditor, migrateAuditor } from "../auditor/store/claimAuditor.ts";
import { ledgerLog } from "../scripts/local/ledgerLog.ts";
import { createDatabase } from "../scripts/local/postgresServer.ts";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { MAINTENANCE_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { Database } from "@compute-credits/platform/postgres/database";
import { type Ledger, RULES, deployment, openLedger, party } from "../test/fixtures/ledger.ts";
import { inParallel } from "./ledger/inParallel.ts";
import { BATCH, CALLERS, findPostgres } from "./ledger/rig.ts";
import { pairedSpeed, printFigure } from "./ratio.ts";

const ACCOUNTS = 2_000;
const BATCHES = 20;
const ROUNDS = 5;
const PURCHASED_MICROS = 1_000_000_000_000n;
const provider = party(1_000_000);

const server = await findPostgres();
const [database, ownDatabase] = await Promise.all([openNewDatabase(20), openNewDatabase(4)]);
try {
  await migrateLedger(database);
  const ledger = await openLedger(database);
  const spenders = await openFilledLedger(ledger);
  const auditor = await openAuditor(ledger, ownDatabase);
  const record = () => {
    const batches = Array.from({ length: BATCHES }, () => batchOf(spenders));
    return () => inParallel(batches, CALLERS, (batch) => ledger.usage.record(batch));
  };
  await record()();
  const figure = await pairedSpeed(
    async () => {
      // The cut is preparation: it is not timed.
      const epoch = await cut(ledger);
      return async () => {
        await auditor.step();
        if (auditor.agreed?.message.epoch !== epoch) throw new Error("the auditor did not agree");
      };
    },
    record,
    { rounds: ROUNDS, operations: BATCHES * BATCH },
  );
  printFigure("auditor_vs_debits", figure, 1);
} finally {
  await Promise.all([database.close(), ownDatabase.close()]);
  await server.stop();
}

async function openNewDatabase(connections: number): Promise<Database> {
  return await openPgDatabase(await createDatabase(server), connections, MAINTENANCE_LIMITS);
}

/** Creates accounts with one allowance each. Returns the allowances' spenders. */
async function openFilledLedger(ledger: Ledger): Promise<readonly UsageEvent["spender"][]> {
  const accounts = Array.from({ length: ACCOUNTS }, (_, index) => party(1 + index));
  await ledger.chainEvents(
    ...accounts.map((account) => ({
      type: "purchased" as const,
      account,
      payer: account,
      amountMicros: PURCHASED_MICROS,
      tokenAmount: 1n,
    })),
  );
  const spenders: UsageEvent["spender"][] = [];
  await inParallel(accounts, CALLERS, async (account) => {
    const { spender } = (await ledger.allow(account)).message;
    await ledger.grantAccess(spender, provider);
    spenders.push(spender);
  });
  return spenders;
}

function batchOf(spenders: readonly UsageEvent["spender"][]): UsageEvent[] {
  const now = new Date();
  return Array.from({ length: BATCH }, () => ({
    provider,
    id: crypto.randomUUID(),
    spender: spenders[Math.floor(Math.random() * spenders.length)] ?? zeroHash,
    meter: "units",
    quantity: 3n,
    dimensions: { region: "eu" },
    occurredAt: now,
  }));
}

/** Cuts a checkpoint and makes it final on the simulated chain. */
async function cut(ledger: Ledger): Promise<bigint> {
  const checkpoint = await ledger.checkpoints.cut(1_000n);
  if (checkpoint === null) throw new Error("nothing was cut");
  const { epoch, root } = checkpoint.message;
  await ledger.chainEvents({ type: "checkpoint_submitted", epoch, root, finalAt: new Date(0) });
  return epoch;
}

async function openAuditor(
  { database: ledgerDatabase, blocks }: Ledger,
  auditorDatabase: Database,
) {
  await migrateAuditor(auditorDatabase);
  const initialTerms = { feeBps: RULES.feeBps, maxQuoteSeconds: 3_600 };
  const origin = { number: 0n, hash: zeroHash, time: new Date(0) };
  await claimAuditor(auditorDatabase, deployment, origin, initialTerms);
  return createAuditor({
    database: auditorDatabase,
    source: ledgerLog(ledgerDatabase, { deployment, deploymentBlock: null, ...initialTerms }),
    chain: {
      deployment,
      signersSince: () => Promise.resolve(0n),
      isSignedBy: () => Promise.resolve(true),
      signingOf: () => Promise.resolve("key"),
      allowanceSigning: () => Promise.resolve("key"),
    },
    chainSource: {
      after(from) {
        // Blocks are numbered from 1, so the block after n has index n.
        const step = blocks[Number(from.number)];
        if (step === undefined) return Promise.resolve("no_new_block");
        return Promise.resolve({ ...step, isLast: Number(step.upTo.number) === blocks.length });
      },
    },
    signer: null,
    terms: {
      fees: [{ feeBps: RULES.feeBps, from: null }],
      maxFeeBps: 1_000n,
      maxQuoteSeconds: initialTerms.maxQuoteSeconds,
      maxLagSeconds: 3_600,
      writeOffAccount: null,
      counterGraceSeconds: 86_400,
      releasedEpoch: null,
    },
  });
}
