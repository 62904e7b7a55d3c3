import { type Address, zeroHash } from "viem";

import type { SimulationOptions } from "./simulationOptions.ts";
import { migrateLedger } from "../server/stores/migrateLedger.ts";
import { claimDatabase } from "../server/stores/chain/claimDatabase.ts";
import { openDatabase } from "@compute-credits/platform/postgres/openDatabase";
import { createCheckpointStore } from "../server/stores/checkpoints/postgresCheckpointStore.ts";
import { createProviderStore } from "../server/stores/providers/postgresProviderStore.ts";
import { createRateCardStore } from "../server/stores/pricing/postgresRateCardStore.ts";
import type { CardProposal } from "@compute-credits/rules/pricing/publication";
import type { Database } from "@compute-credits/platform/postgres/database";
import { type OwnPostgresServer, createDatabase } from "../scripts/local/postgresServer.ts";
import { auditBudgets } from "./auditBudgets.ts";
import { auditCheckpoints, auditQuietCheckpoint } from "./auditCheckpoints.ts";
import { auditLog } from "./auditLog.ts";
import { auditOverspend } from "./auditOverspend.ts";
import { auditSums } from "./auditSums.ts";
import { readLedgerSnapshot, readCheckpoints, readPlaces } from "./ledgerSnapshot.ts";
import { type SimulatedCard, operatorCards, providerRates } from "./cards.ts";
import { SimulatedChain } from "./chain.ts";
import { perform, runContended } from "./contendedLane.ts";
import { ServerPool } from "./serverPool.ts";
import { type FollowingAuditor, startFollowingAuditor } from "./followingAuditor.ts";
import { Generator } from "./generator.ts";
import { Journal } from "./journal.ts";
import { CrashInjector } from "./crashInjector.ts";
import { LedgerModel } from "./model/ledgerModel.ts";
import { type LaneAtWork, compare, runRound, sweep } from "./partitioned.ts";
import { PartitionedLane } from "./partitionedLane.ts";
import { PUBLICATION_RULES } from "./limits.ts";
import { seededRandom } from "./random.ts";
import { Settlement } from "./settlement.ts";
import { DEPLOYMENT, type Parties, createParties } from "./parties.ts";

export interface SimulationReport {
  readonly operations: number;
  readonly debits: number;
  readonly voids: number;
  readonly holds: number;
  readonly checkpoints: number;
  readonly allowances: number;
  readonly receipts: number;
  readonly refusals: ReadonlyMap<string, number>;
  readonly killedProcesses: number;
  readonly killedDatabases: number;
  readonly lostAnswers: number;
  /** allowances that a lost answer keeps the audit from replaying */
  readonly skippedAllowances: number;
  /** what the following auditor did; `null` without one */
  readonly audited: { readonly checkpoints: number; readonly entries: number } | null;
}

/** New accounts after so many operations: logs stay short enough to be replayed often. */
const SEGMENT_OPERATIONS = 16_000;
const LANES = 16;
const ROUNDS = 4;
const LAST_STEPS = 3;
/** From a parties's creation to the second card of its provider. */
const OWN_CARD_SECONDS = 4;

/** Runs a whole simulation on a new database of the server. Throws at the first disagreement. */
export async function simulate(
  server: OwnPostgresServer,
  wish: SimulationOptions,
): Promise<SimulationReport> {
  const url = await createDatabase(server);
  const database = await openEmpty(url);
  const start = new Date();
  const cards: SimulatedCard[] = [];
  for (const card of operatorCards(start)) {
    // oxlint-disable-next-line no-await-in-loop -- version after version
    cards.push(await publish(database, { provider: null, ...card }));
  }
  const serverPool = await ServerPool.start(server, url, wish.processes);
  const steady = serverPool.steady(database);
  const chain = new SimulatedChain(serverPool, { number: 0n, hash: zeroHash, time: new Date(0) });
  const auditor = wish.audit ? await startFollowingAuditor(steady, chain) : null;
  try {
    return await new Simulation(wish, {
      database: steady,
      serverPool,
      chain,
      auditor,
      cards,
      start,
    }).run();
  } finally {
    await auditor?.stop();
    await serverPool.stop();
    await database.close();
  }
}

async function openEmpty(url: string): Promise<Database> {
  const database = await openDatabase({ url, connections: 4 }, migrateLedger);
  await claimDatabase(database, DEPLOYMENT, { number: 0n, hash: zeroHash, time: new Date(0) });
  return database;
}

async function publish(database: Database, proposal: CardProposal): Promise<SimulatedCard> {
  const book = createRateCardStore(database, PUBLICATION_RULES);
  const outcome = await book.publish(proposal);
  if (outcome.published === "refused") {
    // On a machine that is slow enough, its time has come meanwhile: then as soon as it can be.
    if (proposal.effectiveFrom !== null && outcome.refusal.reason === "effective_from_too_soon") {
      return await publish(database, { ...proposal, effectiveFrom: null });
    }
    throw new Error("a card was refused", { cause: outcome });
  }
  const { version, effectiveFrom, rates } = outcome.card;
  return { version, provider: proposal.provider, effectiveFrom, rates };
}

interface Stage {
  readonly database: Database;
  readonly serverPool: ServerPool;
  readonly chain: SimulatedChain;
  readonly auditor: FollowingAuditor | null;
  readonly cards: SimulatedCard[];
  readonly start: Date;
}

class Simulation {
  readonly #wish: SimulationOptions;
  readonly #stage: Stage;
  readonly #journal = new Journal();
  readonly #chain: SimulatedChain;
  readonly #settlement: Settlement;
  readonly #crashInjector: CrashInjector;
  #partiesList = 0;
  #skipped = 0;

  constructor(wish: SimulationOptions, stage: Stage) {
    this.#wish = wish;
    this.#stage = stage;
    const { serverPool, chain } = stage;
    this.#chain = chain;
    this.#settlement = new Settlement(
      serverPool,
      this.#chain,
      seededRandom(wish.seed, "settlement"),
    );
    this.#crashInjector = new CrashInjector(serverPool, this.#journal, wish);
  }

  async run(): Promise<SimulationReport> {
    const { operations, log } = this.#wish;
    const segments = Math.max(1, Math.round(operations / SEGMENT_OPERATIONS / 2));
    const each = Math.ceil(operations / segments / 2);
    for (let segment = 0; segment < segments; segment++) {
      // oxlint-disable-next-line no-await-in-loop -- segment after segment
      await this.#crashInjector.during(async () => {
        await this.#partitioned(each);
        await this.#contended(each);
      });
      const isLast = segment === segments - 1;
      // So that a checkpoint holds everything: the first may only settle the one that is under way.
      // oxlint-disable-next-line no-await-in-loop
      if (isLast) await this.#settleLast();
      // oxlint-disable-next-line no-await-in-loop
      if (isLast || segment % 4 === 3) await this.#audit();
      log(`${this.#journal.operations} operations agree`);
    }
    return await this.#report();
  }

  /** Each account is driven by one lane: every outcome is predicted. */
  async #partitioned(operations: number): Promise<void> {
    const { serverPool, database, cards, start: cardsStart } = this.#stage;
    const begun = new Date();
    const lanes: LaneAtWork[] = [];
    for (let index = 0; index < LANES; index++) {
      // oxlint-disable-next-line no-await-in-loop
      const parties = await this.#createParties({ accounts: 3, spenders: 4, providers: 3 });
      const plan = {
        parties,
        name: "lane",
        peers: [],
        cardsStart,
        start: wholeSecond(begun),
        quotes: true,
      };
      const generator = new Generator(this.#wish.seed, { ...plan, raisesCounters: true });
      const model = new LedgerModel(parties, cards);
      lanes.push({
        generator,
        lane: new PartitionedLane(serverPool, this.#chain, this.#journal, model),
      });
    }
    await Promise.all(
      lanes.map(async ({ generator, lane }) => {
        // oxlint-disable-next-line no-await-in-loop
        for (const operation of generator.opening()) await lane.perform(operation);
      }),
    );
    for (let round = 0; round < ROUNDS; round++) {
      const roundBegun = new Date();
      const perLane = Math.ceil(operations / LANES / ROUNDS);
      // oxlint-disable-next-line no-await-in-loop
      await runRound(lanes, perLane, this.#journal);
      // oxlint-disable-next-line no-await-in-loop
      await sweep(lanes, { serverPool, database });
      // oxlint-disable-next-line no-await-in-loop
      await compare(lanes, database, roundBegun);
      // oxlint-disable-next-line no-await-in-loop
      await this.#settleQuietly(lanes);
      // oxlint-disable-next-line no-await-in-loop
      await compare(lanes, database, roundBegun);
    }
  }

  /** All lanes meddle with the same few accounts. */
  async #contended(operations: number): Promise<void> {
    const { serverPool, start: cardsStart } = this.#stage;
    const parties = await this.#createParties({ accounts: 5, spenders: 8, providers: 4 });
    const begun = wholeSecond(new Date());
    const names = Array.from({ length: LANES }, (_, index) => `lane${index}`);
    const parts = {
      serverPool,
      chain: this.#chain,
      journal: this.#journal,
      settlement: this.#settlement,
      providers: parties.providers,
    };
    const lanes = names.map(
      (name, index) =>
        new Generator(this.#wish.seed, {
          parties,
          name,
          peers: names,
          cardsStart,
          start: begun,
          raisesCounters: index === 0,
          quotes: false,
        }),
    );
    // oxlint-disable-next-line no-await-in-loop
    for (const operation of lanes[0]?.opening() ?? []) await perform(operation, parts);
    await runContended(lanes, Math.ceil(operations / LANES), parts);
  }

  async #settleLast(): Promise<void> {
    for (let step = 0; step < LAST_STEPS; step++) {
      // oxlint-disable-next-line no-await-in-loop -- step after step
      await this.#settleQuietly([]);
    }
  }

  async #settleQuietly(lanes: readonly LaneAtWork[]): Promise<void> {
    const { database } = this.#stage;
    const book = createCheckpointStore(database);
    const before = this.#settlement.cuts.length;
    const wasUnderWay = this.#settlement.isUnderWay;
    await this.#settlement.step();
    const latest = await book.latest();
    const isKnown = this.#settlement.cuts.some(({ id }) => id === latest?.id);
    await this.#settlement.adopt(latest, isKnown);

    const checkpoints = await readCheckpoints(database);
    for (const { lane } of lanes) {
      if (!wasUnderWay) lane.model.serveRefunds();
      lane.model.checkpoints = checkpoints.map(({ epoch, dropped, cut_at: cutAt }) => ({
        epoch,
        dropped,
        cutAt,
      }));
    }
    const cut = this.#settlement.cuts[before];
    if (cut !== undefined) auditQuietCheckpoint(await readLedgerSnapshot(database), cut);
    await this.#stage.auditor?.follow();
  }

  /** The whole database against the whole journal. */
  async #audit(): Promise<void> {
    const { database, cards } = this.#stage;
    const snapshot = await readLedgerSnapshot(database);
    const log = auditLog(snapshot, this.#journal, cards);
    const { blocks } = this.#chain;
    auditSums(snapshot, log, blocks);
    auditOverspend(snapshot, log, this.#journal, blocks);
    this.#skipped = auditBudgets(snapshot, log, this.#journal).skipped;
    await this.#stage.auditor?.follow();
    const places = await readPlaces(database);
    auditCheckpoints(snapshot, log, this.#journal, { cuts: this.#settlement.cuts, places });
  }

  async #createParties(size: Parameters<typeof createParties>[2]): Promise<Parties> {
    const index = this.#partiesList++;
    const parties = createParties(`parties${index}`, index, size);
    const providers = createProviderStore(this.#stage.database);
    await Promise.all(
      parties.spenders.flatMap((spender) =>
        // Signed by nobody, as all is here; where a wallet spends, something has to stand there.
        parties.trusted.map((provider) =>
          providers.grantAccess({ spender, provider, signature: "0x00" }),
        ),
      ),
    );
    await this.#publishOwnCards(parties.providers[0]);
    return parties;
  }

  /** One provider of each parties has prices of its own, which change while it is at work. */
  async #publishOwnCards(provider: Address): Promise<void> {
    const { database, cards } = this.#stage;
    cards.push(
      await publish(database, { provider, effectiveFrom: null, rates: providerRates(1n) }),
    );
    const effectiveFrom = new Date(Date.now() + OWN_CARD_SECONDS * 1000);
    cards.push(await publish(database, { provider, effectiveFrom, rates: providerRates(2n) }));
  }

  #audited(): SimulationReport["audited"] {
    const { auditor } = this.#stage;
    if (auditor === null) return null;
    const { audited } = auditor;
    return {
      checkpoints: audited.length,
      entries: audited.reduce((sum, { entries }) => sum + entries, 0),
    };
  }

  async #report(): Promise<SimulationReport> {
    const { database, serverPool } = this.#stage;
    const snapshot = await readLedgerSnapshot(database);
    return {
      operations: this.#journal.operations,
      debits: new Set(snapshot.debits.map(({ key }) => key)).size,
      voids: snapshot.voids.size,
      holds: snapshot.holds.length,
      checkpoints: snapshot.checkpoints.length,
      allowances: snapshot.allowances.length,
      receipts: this.#journal.receipts.length,
      refusals: this.#journal.refusals,
      killedProcesses: serverPool.killedProcesses,
      killedDatabases: serverPool.killedDatabases,
      lostAnswers: serverPool.lostAnswers,
      skippedAllowances: this.#skipped,
      audited: this.#audited(),
    };
  }
}

function wholeSecond(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1000) * 1000);
}
