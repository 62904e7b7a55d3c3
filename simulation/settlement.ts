import type { Address } from "viem";

import { commitToRows } from "@compute-credits/protocol/data/checkpointData";
import type { Row } from "@compute-credits/protocol/tree/row";
import type { StoredCheckpoint } from "../server/stores/checkpoints/checkpointStore.ts";
import type { SimulatedChain } from "./chain.ts";
import type { ServerPool } from "./serverPool.ts";
import { DisagreementError } from "./disagreement.ts";
import type { Random } from "./random.ts";
import { MAX_FEE_BPS, WRITE_OFF_ACCOUNT } from "./limits.ts";

/** The window of an acknowledged cut. */
export interface CutWindow {
  readonly id: bigint;
  readonly from: Date;
  readonly until: Date;
  /**
   * when the write-offs before it began: what they leave is covered then. Graces of a second have no
   * margin, in which a settler's cut and submission lie.
   */
  readonly coveredAt: Date;
  /** blocks that the ledger had applied then */
  readonly appliedBlocks: number;
}

interface SettlementDeps {
  readonly serverPool: ServerPool;
  readonly chain: SimulatedChain;
  readonly random: Random;
  /** the rows of a final checkpoint that serve refund requests */
  readonly refundRows: (checkpoint: bigint) => Promise<readonly Row[]>;
}

/** Cuts checkpoints on two servers at once. The chain then accepts, drops or delays them. */
export class Settlement {
  readonly #serverPool: ServerPool;
  readonly #chain: SimulatedChain;
  readonly #random: Random;
  readonly #refundRows: (checkpoint: bigint) => Promise<readonly Row[]>;
  #prepared: StoredCheckpoint | null = null;
  readonly cuts: CutWindow[] = [];

  constructor({ serverPool, chain, random, refundRows }: SettlementDeps) {
    this.#serverPool = serverPool;
    this.#chain = chain;
    this.#random = random;
    this.#refundRows = refundRows;
  }

  /** A checkpoint is not final yet, so the next cut does nothing. */
  get isPending(): boolean {
    return this.#prepared !== null;
  }

  /** Cuts a checkpoint if possible, then lets the chain decide about it. */
  async step(): Promise<void> {
    const covered = { coveredAt: new Date(), appliedBlocks: this.#chain.blocks.length };
    if (!this.isPending) {
      await Promise.all([
        this.#serverPool.call("writeOff", WRITE_OFF_ACCOUNT),
        this.#serverPool.call("writeOff", WRITE_OFF_ACCOUNT),
      ]);
    }
    const options = { maxFeeBps: MAX_FEE_BPS };
    const answers = await Promise.all([
      this.#serverPool.call("cut", options),
      this.#serverPool.call("cut", options),
    ]);
    const made = answers.filter(({ output }) => output !== null);
    const [first] = made;
    if (made.length > 1) throw new DisagreementError("two checkpoints were cut at once", { made });
    if (first?.output !== null && first !== undefined) {
      if (this.#prepared !== null) {
        throw new DisagreementError("a checkpoint was cut before the last was final", { made });
      }
      const { id } = first.output;
      // As a settler does before it signs: a fault may have taken longer than a grace.
      const lost = await this.#serverPool.call("loseCover", id);
      if (lost.output) return;
      this.#prepared = first.output;
      this.cuts.push({ id, from: first.from, until: first.until, ...covered });
    }
    await this.#settle();
  }

  /** Adopts a checkpoint that was cut but whose answer was lost. */
  async adopt(latest: StoredCheckpoint | null, isKnown: boolean): Promise<void> {
    if (latest?.status !== "prepared" || isKnown) return;
    if ((await this.#serverPool.call("loseCover", latest.id)).output) return;
    this.#prepared = latest;
    await this.#settle();
  }

  async #settle(): Promise<void> {
    const checkpoint = this.#prepared;
    if (checkpoint === null || this.#random.chance(25)) return;
    const { epoch, root } = checkpoint.message;
    this.#prepared = null;
    if (this.#random.chance(25)) {
      await this.#chain.append([{ type: "checkpoint_dropped", epoch, root }]);
    } else {
      const finalAt = new Date();
      await this.#chain.append([{ type: "checkpoint_submitted", epoch, root, finalAt }]);
      if (this.#random.chance(20)) return;
      const rows = await this.#refundRows(checkpoint.id);
      const settled = rows.map((row) => ({ type: "row_settled" as const, epoch, ...row }));
      if (settled.length > 0) await this.#chain.append(settled);
    }
  }
}

/**
 * Returns all rows of each checkpoint. Each one adds its changes to the last checkpoint that was
 * not dropped.
 */
export function rowsByCheckpoint(
  checkpoints: readonly { id: bigint; dropped: boolean }[],
  rows: readonly (Row & { checkpoint: bigint })[],
): Map<bigint, ReadonlyMap<Address, Row>> {
  const byCheckpoint = Map.groupBy(rows, ({ checkpoint }) => checkpoint);
  const all = new Map<bigint, ReadonlyMap<Address, Row>>();
  let kept: ReadonlyMap<Address, Row> = new Map();
  for (const { id, dropped } of checkpoints) {
    const next = new Map(kept);
    for (const { party, spent, refunded, earned } of byCheckpoint.get(id) ?? []) {
      next.set(party, { party, spent, refunded, earned });
    }
    all.set(id, next);
    if (!dropped) kept = next;
  }
  return all;
}

/** Computes the root of rows in the order of their places. */
export function rootOf(rows: ReadonlyMap<Address, Row>, places: readonly Address[]): string {
  return commitToRows(places.flatMap((party) => rows.get(party) ?? [])).root;
}
