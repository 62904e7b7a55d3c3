/**
 * `npm run bench:auditor`: how fast an auditor is compared with the ledger. The ledger records
 * batches of debits and cuts a checkpoint. Then an auditor, with its own database on the same
 * PostgreSQL, recomputes it: reads the log, checks every event, saves its state and hashes the
 * table. Neither side uses HTTP, and every signature passes.
 *
 * An auditor that keeps up also records what it sees of the log before a checkpoint holds it. The
 * second figure counts that too: the entries are read and recorded, and then read, replayed and
 * compared with what was recorded.
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
import { type Figure, median, printFigure, seconds } from "./ratio.ts";

const ACCOUNTS = 2_000;
/** Debits of a checkpoint, in thousands. BENCH_BATCHES overrides it: peaks cut larger ones. */
const BATCHES = Number(process.env["BENCH_BATCHES"] ?? 20);
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
  const record = async (): Promise<number> => {
    const batches = Array.from({ length: BATCHES }, () => batchOf(spenders));
    return await seconds(() => inParallel(batches, CALLERS, (batch) => ledger.usage.record(batch)));
  };
  const audit = async (): Promise<number> => {
    // The cut is preparation: it is not timed.
    const epoch = await cut(ledger);
    const took = await seconds(() => auditor.step());
    if (auditor.agreed?.message.epoch !== epoch) throw new Error("the auditor did not agree");
    return took;
  };
  const rounds = Number(process.env["BENCH_ROUNDS"] ?? ROUNDS);
  const afterCut: Pair[] = [];
  const beforeAndAfterCut: Pair[] = [];
  // The first round is a warm-up.
  for (let round = 0; round <= rounds; round++) {
    // oxlint-disable-next-line no-await-in-loop -- runs must alternate
    const unseen = { debits: await record(), audit: await audit() };
    // oxlint-disable-next-line no-await-in-loop
    const debits = await record();
    // oxlint-disable-next-line no-await-in-loop
    const seen = { debits, audit: (await seconds(() => auditor.step())) + (await audit()) };
    if (round === 0) continue;
    afterCut.push(unseen);
    beforeAndAfterCut.push(seen);
  }
  printFigure("auditor_vs_debits", figureOf(afterCut), 1);
  printFigure("auditor_vs_debits_seen_before", figureOf(beforeAndAfterCut), 1);
} finally {
  await Promise.all([database.close(), ownDatabase.close()]);
  await server.stop();
}

/** Seconds for the same entries. */
interface Pair {
  readonly debits: number;
  readonly audit: number;
}

function figureOf(pairs: readonly Pair[]): Figure {
  const ratios = pairs.map(({ debits, audit }) => debits / audit);
  console.log(`each round: ${ratios.map((ratio) => ratio.toFixed(2)).join(" ")}`);
  return {
    ratio: median(ratios),
    speedOfA: median(pairs.map(({ audit }) => (BATCHES * BATCH) / audit)),
    speedOfB: median(pairs.map(({ debits }) => (BATCHES * BATCH) / debits)),
  };
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
      isSigner: () => Promise.resolve(true),
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
    signers: null,
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
