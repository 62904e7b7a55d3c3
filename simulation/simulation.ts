import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { auditRefunds } from "./auditRefunds.ts";
import { openDatabase } from "@compute-credits/platform/postgres/openDatabase";
import { MAINTENANCE_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import type { Database } from "@compute-credits/platform/postgres/database";
import { copyLog } from "../scripts/local/ledgerCopy.ts";
import { type OwnPostgresServer, createDatabase } from "../scripts/local/postgresServer.ts";
import { claimDatabase } from "../server/stores/chain/claimDatabase.ts";
import { createCheckpointStore } from "../server/stores/checkpoints/postgresCheckpointStore.ts";
import { migrateLedger } from "../server/stores/migrateLedger.ts";
import { createProviderStore } from "../server/stores/providers/postgresProviderStore.ts";
import { auditBudgets } from "./auditBudgets.ts";
import { auditCheckpoints, auditQuietCheckpoint } from "./auditCheckpoints.ts";
import { auditCoverage } from "./auditCoverage.ts";
import { WRITE_OFF_ACCOUNT } from "./limits.ts";
import { auditClaims, readClaims } from "./auditClaims.ts";
import { auditCodes } from "./auditCodes.ts";
import { auditDailySums } from "./auditDailySums.ts";
import { finishDailySums } from "./dailySums.ts";
import { auditHolds } from "./auditHolds.ts";
import { auditLog } from "./auditLog.ts";
import { auditOverspend } from "./auditOverspend.ts";
import { auditSums } from "./auditSums.ts";
import type { SimulatedCard } from "./cards.ts";
import { SimulatedChain } from "./chain.ts";
import { performOperation, runContended } from "./contendedLane.ts";
import { Claiming, EARLY_RULES, LATE_RULES } from "./claiming.ts";
import { WatchedBalances } from "./watchedBalances.ts";
import { CrashInjector } from "./crashInjector.ts";
import { type FollowingAuditor, startFollowingAuditor } from "./followingAuditor.ts";
import { Generator } from "./generator/generator.ts";
import { Journal } from "./journal.ts";
import {
  readCheckpoints,
  readLedgerSnapshot,
  readPlaces,
  readRowsSnapshot,
  readWriteOffs,
} from "./ledgerSnapshot.ts";
import { LedgerModel } from "./model/ledgerModel.ts";
import { DEPLOYMENT, ORIGIN, type Parties, createParties } from "./parties.ts";
import { type LaneRun, compareLanes, expireHolds, runRound } from "./partitioned.ts";
import { PartitionedLane } from "./partitionedLane.ts";
import { publishOperatorCards, publishProviderCards } from "./publishCards.ts";
import { recoverLedger } from "./recoverLedger.ts";
import { seededRandom } from "./random.ts";
import { ServerPool } from "./serverPool.ts";
import { Settlement } from "./settlement.ts";
import type { SimulationOptions } from "./simulationOptions.ts";
import type { SimulationReport } from "./simulationReport.ts";

/** A segment uses new accounts, so that the logs that audits replay stay short. */
const SEGMENT_OPERATIONS = 16_000;
const LANES = 16;
const ROUNDS = 4;
const FINAL_SETTLEMENT_STEPS = 3;
const MAX_REFUND_ROWS = 100;
/** Of all operations, in percent. About 48 debit; below this most of a run shows only refusals. */
const LEAST_DEBITED_PERCENT = 10;

/**
 * Runs a whole simulation on a new database. Throws a `DisagreementError` at the first
 * disagreement.
 */
export async function simulate(
  server: OwnPostgresServer,
  options: SimulationOptions,
): Promise<SimulationReport> {
  const url = await createDatabase(server);
  const database = await openLedgerDatabase(url);
  const start = new Date();
  const cards = await publishOperatorCards(database, start);
  const serverPool = await ServerPool.start(server, url, options.processes);
  const retried = serverPool.withRetries(database);
  const chain = new SimulatedChain(serverPool, ORIGIN);
  const auditor = options.audit ? await startFollowingAuditor(retried, chain) : null;
  const logFolder = await mkdtemp(join(tmpdir(), "compute-credits-simulated-log-"));
  const deps = { database: retried, serverPool, chain, auditor, cards, start, logFolder };
  try {
    return await new Simulation(options, deps).run();
  } finally {
    await auditor?.stop();
    await serverPool.stop();
    await database.close();
    await rm(logFolder, { recursive: true, force: true });
  }
}

async function openLedgerDatabase(url: string): Promise<Database> {
  const database = await openDatabase({ url, connections: 4 }, migrateLedger, MAINTENANCE_LIMITS);
  await claimDatabase(database, DEPLOYMENT, ORIGIN);
  return database;
}

interface SimulationDeps {
  readonly database: Database;
  readonly serverPool: ServerPool;
  readonly chain: SimulatedChain;
  readonly auditor: FollowingAuditor | null;
  readonly cards: SimulatedCard[];
  readonly start: Date;
  /** of a copy of the log */
  readonly logFolder: string;
}

class Simulation {
  readonly #options: SimulationOptions;
  readonly #deps: SimulationDeps;
  readonly #journal = new Journal();
  readonly #settlement: Settlement;
  readonly #crashInjector: CrashInjector;
  #groupCount = 0;
  #crossings = 0;
  #skippedAllowances = 0;

  constructor(options: SimulationOptions, deps: SimulationDeps) {
    this.#options = options;
    this.#deps = deps;
    const { serverPool, chain, database } = deps;
    const checkpoints = createCheckpointStore(database);
    this.#settlement = new Settlement({
      serverPool,
      chain,
      random: seededRandom(options.seed, "settlement"),
      refundRows: (checkpoint) => checkpoints.refundRows(checkpoint, { limit: MAX_REFUND_ROWS }),
    });
    this.#crashInjector = new CrashInjector(serverPool, this.#journal, options);
  }

  async run(): Promise<SimulationReport> {
    await this.#fundWriteOffs();
    const { operations, log } = this.#options;
    const segments = Math.max(1, Math.round(operations / SEGMENT_OPERATIONS / 2));
    const operationsPerPhase = Math.ceil(operations / segments / 2);
    const restores = this.#options.faults?.restores ?? 0;
    const segmentsPerRestore = Math.max(2, Math.floor(segments / Math.max(1, restores)));
    for (let segment = 0; segment < segments; segment++) {
      // oxlint-disable-next-line no-await-in-loop -- segments are sequential
      await this.#crashInjector.during(() => this.#runSegment(operationsPerPhase));
      if (restores > 0) {
        // oxlint-disable-next-line no-await-in-loop
        await this.#comeAndGo(segment % segmentsPerRestore, segmentsPerRestore);
      }
      const isLast = segment === segments - 1;
      // oxlint-disable-next-line no-await-in-loop
      if (isLast) await this.#settleAll();
      // oxlint-disable-next-line no-await-in-loop
      if (isLast || segment % 4 === 3) await this.#audit();
      log(`${this.#journal.operations} operations agree`);
    }
    if (restores > 0) await this.#auditFromTheBeginning();
    return await this.#report();
  }

  /** Runs both phases. Throws if hardly anything was debited: agreement would show little. */
  async #runSegment(operationsPerPhase: number): Promise<void> {
    const { operations, debited } = this.#journal;
    await this.#runPartitionedPhase(operationsPerPhase);
    await this.#runContendedPhase(operationsPerPhase);
    const done = this.#journal.operations - operations;
    const debits = this.#journal.debited - debited;
    if (debits * 100 < done * LEAST_DEBITED_PERCENT) {
      throw new Error(`only ${debits} of ${done} operations were debited: the run shows little`);
    }
  }

  /**
   * After the first segments the database is backed up, and after the last of them the backup takes
   * its place, as after the loss of a machine or a failover to a standby that lagged, and is
   * recovered from a copy of the log. The auditor ends and starts again.
   */
  async #comeAndGo(segment: number, segments: number): Promise<void> {
    const { database, serverPool, chain, auditor, logFolder } = this.#deps;
    auditor?.restart();
    await copyLog(database, { folder: logFolder, deployment: DEPLOYMENT });
    if (segment === 0) {
      await serverPool.whileStopped("backups", (server) => server.backUp());
    } else if (segment === segments - 1) {
      await serverPool.whileStopped(
        "restored backups",
        (server) => server.restore(),
        () => recoverLedger(database, chain, logFolder),
      );
    }
  }

  /** An auditor that comes late must reproduce every checkpoint, too. */
  async #auditFromTheBeginning(): Promise<void> {
    const { database, chain, auditor } = this.#deps;
    if (auditor === null) return;
    const late = await startFollowingAuditor(database, chain);
    try {
      await late.follow();
    } finally {
      await late.stop();
    }
  }

  /** Gives the operator's account credits and a recorded cap for all that may be written off. */
  async #fundWriteOffs(): Promise<void> {
    const account = WRITE_OFF_ACCOUNT;
    const amountMicros = 1_000_000_000_000n;
    await this.#deps.chain.append([
      { type: "purchased", account, payer: account, amountMicros, tokenAmount: 1n },
      { type: "cap_recorded", account, counter: 0n, accountCapMicros: amountMicros },
    ]);
  }

  /** Runs lanes that each have accounts of their own, so that every outcome can be predicted. */
  async #runPartitionedPhase(operations: number): Promise<void> {
    const { serverPool, database } = this.#deps;
    const lanes = await this.#createPartitionedLanes();
    await Promise.all(
      lanes.map(async ({ generator, lane }) => {
        // oxlint-disable-next-line no-await-in-loop
        for (const operation of generator.opening()) await lane.perform(operation);
      }),
    );
    const webhooks = new WatchedBalances(database);
    // oxlint-disable-next-line no-await-in-loop
    for (const { lane } of lanes) await webhooks.watch(lane.model);
    for (let round = 0; round < ROUNDS; round++) {
      const roundStartedAt = new Date();
      const operationsPerLane = Math.ceil(operations / LANES / ROUNDS);
      // oxlint-disable-next-line no-await-in-loop
      await runRound(lanes, operationsPerLane, { journal: this.#journal, serverPool, webhooks });
      // oxlint-disable-next-line no-await-in-loop
      await expireHolds(lanes, { serverPool, database });
      for (const { lane } of lanes) webhooks.observe(lane.model);
      // oxlint-disable-next-line no-await-in-loop
      await webhooks.compare();
      // oxlint-disable-next-line no-await-in-loop
      await compareLanes(lanes, database, roundStartedAt);
      // oxlint-disable-next-line no-await-in-loop
      await this.#settleQuietly(lanes);
      for (const { lane } of lanes) webhooks.observe(lane.model);
      // oxlint-disable-next-line no-await-in-loop
      await compareLanes(lanes, database, roundStartedAt);
      // oxlint-disable-next-line no-await-in-loop
      await webhooks.compare();
    }
    this.#crossings += webhooks.crossings;
  }

  async #createPartitionedLanes(): Promise<LaneRun[]> {
    const { serverPool, chain, cards, start: cardsStart } = this.#deps;
    const start = wholeSecond(new Date());
    const lanes: LaneRun[] = [];
    for (let index = 0; index < LANES; index++) {
      // oxlint-disable-next-line no-await-in-loop
      const parties = await this.#createParties({ accounts: 3, spenders: 4, providers: 3 });
      const generator = new Generator(this.#options.seed, {
        parties,
        name: "lane",
        peers: [],
        cardsStart,
        start,
        quotes: true,
        mostlyHolds: this.#options.mostlyHolds ?? false,
        raisesPerMille: 15,
      });
      const model = new LedgerModel(parties, cards);
      const lane = new PartitionedLane(serverPool, chain, this.#journal, model);
      lanes.push({ generator, lane });
    }
    return lanes;
  }

  /** Runs lanes that share a few accounts. Their answers are audited afterwards. */
  async #runContendedPhase(operations: number): Promise<void> {
    const { serverPool, chain, start: cardsStart } = this.#deps;
    const parties = await this.#createParties({ accounts: 5, spenders: 8, providers: 4 });
    const start = wholeSecond(new Date());
    const names = Array.from({ length: LANES }, (_, index) => `lane${index}`);
    const lanes = names.map(
      (name, index) =>
        new Generator(this.#options.seed, {
          parties,
          name,
          peers: names,
          cardsStart,
          start,
          raisesPerMille: index === 0 ? 15 : 0,
          quotes: false,
          mostlyHolds: this.#options.mostlyHolds ?? false,
        }),
    );
    const claiming = new Claiming(
      {
        serverPool,
        journal: this.#journal,
        randoms: names.map((name) =>
          seededRandom(this.#options.seed, parties.name, `${name} claims`),
        ),
      },
      parties,
    );
    const deps = {
      serverPool,
      chain,
      journal: this.#journal,
      claiming,
      settlement: this.#settlement,
      providers: parties.providers,
    };
    await claiming.setRules(EARLY_RULES);
    // oxlint-disable-next-line no-await-in-loop
    for (const operation of lanes[0]?.opening() ?? []) await performOperation(operation, deps);
    await claiming.setRules(LATE_RULES);
    await runContended(lanes, Math.ceil(operations / LANES), deps);
    // By now, checkpoints of the phase's debits are final.
    for (let step = 0; step < FINAL_SETTLEMENT_STEPS; step++) {
      // oxlint-disable-next-line no-await-in-loop -- steps are sequential
      await this.#settlement.step();
    }
    await Promise.all(names.map((_, lane) => claiming.claim(lane)));
    // Its receipts are co-signed before a checkpoint holds them.
    await this.#deps.auditor?.follow();
  }

  /**
   * Settles until a checkpoint contains everything. The first steps may only finish a pending one.
   */
  async #settleAll(): Promise<void> {
    for (let step = 0; step < FINAL_SETTLEMENT_STEPS; step++) {
      // oxlint-disable-next-line no-await-in-loop -- steps are sequential
      await this.#settleQuietly([]);
    }
  }

  /** Advances settlement by a step while no operation is running, and checks the result. */
  async #settleQuietly(lanes: readonly LaneRun[]): Promise<void> {
    const { database, chain } = this.#deps;
    const cutsBefore = this.#settlement.cuts.length;
    const writeOffsBefore = (await readWriteOffs(database)).length;
    const wasPending = this.#settlement.isPending;
    const blocksBefore = chain.blocks.length;
    await this.#settlement.step();
    const latest = await createCheckpointStore(database).latest();
    const isKnown = this.#settlement.cuts.some(({ id }) => id === latest?.id);
    await this.#settlement.adopt(latest, isKnown);

    const checkpoints = await readCheckpoints(database);
    const settledRows = chain.blocks
      .slice(blocksBefore)
      .flatMap(({ events }) => events.filter(({ type }) => type === "row_settled"));
    const writeOffs = (await readWriteOffs(database)).slice(writeOffsBefore);
    for (const { lane } of lanes) {
      for (const writeOff of writeOffs) lane.model.writeOff(writeOff);
      if (!wasPending) lane.model.serveRefunds();
      for (const event of settledRows) lane.model.chainEvent(event);
      lane.model.checkpoints = checkpoints.map(({ epoch, dropped, cut_at: cutAt }) => ({
        epoch,
        dropped,
        cutAt,
      }));
    }
    const cut = this.#settlement.cuts[cutsBefore];
    if (cut !== undefined) {
      const snapshot = await readRowsSnapshot(database);
      auditQuietCheckpoint(snapshot, cut);
      auditCoverage(snapshot, this.#journal, chain.vault, [cut]);
    }
    await this.#deps.auditor?.follow();
  }

  /** Audits the whole database against the whole journal. */
  async #audit(): Promise<void> {
    const { database, cards, chain, serverPool } = this.#deps;
    await finishDailySums(serverPool, database);
    const snapshot = await readLedgerSnapshot(database);
    const log = auditLog(snapshot, this.#journal, cards);
    auditHolds(snapshot, this.#journal, cards);
    auditSums(snapshot, log, chain.blocks);
    auditDailySums(snapshot);
    auditCodes(snapshot, this.#journal);
    auditClaims(await readClaims(database), this.#journal);
    auditRefunds(snapshot, chain.vault.openRequests());
    auditOverspend(snapshot, log, this.#journal, chain.blocks);
    this.#skippedAllowances = auditBudgets(snapshot, log, this.#journal).skipped;
    await this.#deps.auditor?.follow();
    auditCoverage(snapshot, this.#journal, chain.vault, this.#settlement.cuts);
    const places = await readPlaces(database);
    auditCheckpoints(snapshot, log, this.#journal, { cuts: this.#settlement.cuts, places });
  }

  async #createParties(counts: Parameters<typeof createParties>[2]): Promise<Parties> {
    const { database, cards } = this.#deps;
    const index = this.#groupCount++;
    const parties = createParties(`parties${index}`, index, counts);
    const providers = createProviderStore(database);
    await Promise.all(
      parties.spenders.flatMap((spender) =>
        // A wallet's access needs a signature, but the simulation has no keys.
        parties.trusted.map((provider) =>
          providers.grantAccess({ spender, provider, signature: "0x00" }),
        ),
      ),
    );
    cards.push(...(await publishProviderCards(database, parties.providers[0])));
    return parties;
  }

  async #report(): Promise<SimulationReport> {
    const { database, serverPool, auditor } = this.#deps;
    const snapshot = await readLedgerSnapshot(database);
    return {
      operations: this.#journal.operations,
      debits: new Set(snapshot.debits.map(({ key }) => key)).size,
      sharedPrices: new Set(
        snapshot.debits.flatMap(({ key, basis }) => (basis?.shares === undefined ? [] : key)),
      ).size,
      voids: snapshot.voids.size,
      writeOffs: snapshot.writeOffs.length,
      holds: snapshot.holds.length,
      checkpoints: snapshot.checkpoints.length,
      allowances: snapshot.allowances.length,
      codes: snapshot.codes.length,
      crossings: this.#crossings,
      claims: (await readClaims(database)).claimed.length,
      redemptions: snapshot.codes.reduce((sum, row) => sum + Number(row.redemptions), 0),
      daysOfPayers: snapshot.payerDays.size,
      receipts: this.#journal.receipts.length,
      kinds: this.#journal.kinds,
      refusals: this.#journal.refusals,
      killedProcesses: serverPool.killedProcesses,
      killedDatabases: serverPool.killedDatabases,
      faults: serverPool.faults,
      lostAnswers: serverPool.lostAnswers,
      skippedAllowances: this.#skippedAllowances,
      audited:
        auditor === null
          ? null
          : {
              checkpoints: auditor.audited.length,
              cosignedReceipts: auditor.cosignedReceipts(),
              entries: auditor.audited.reduce((sum, { entries }) => sum + entries, 0),
            },
    };
  }
}

function wholeSecond(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1000) * 1000);
}
