import type { Address } from "viem";

import { commitToRows } from "@compute-credits/protocol/data/checkpointData";
import type { Row } from "@compute-credits/protocol/tree/row";
import type { StoredCheckpoint } from "../server/stores/checkpoints/checkpointStore.ts";
import type { SimulatedChain } from "./chain.ts";
import type { ServerPool } from "./serverPool.ts";
import { Disagreement } from "./disagreement.ts";
import type { Random } from "./random.ts";
import { MAX_FEE_BPS } from "./limits.ts";

/** A cut that was answered, and when. */
export interface CutMade {
  readonly id: bigint;
  readonly from: Date;
  readonly until: Date;
}

/** Cuts checkpoints by two servers at once, and makes the chain accept them, drop them, or take its time. */
export class Settlement {
  readonly #serverPool: ServerPool;
  readonly #chain: SimulatedChain;
  readonly #random: Random;
  #prepared: StoredCheckpoint | null = null;
  readonly cuts: CutMade[] = [];

  constructor(serverPool: ServerPool, chain: SimulatedChain, random: Random) {
    this.#serverPool = serverPool;
    this.#chain = chain;
    this.#random = random;
  }

  /** A checkpoint is on its way: until it is final, the next cut does nothing. */
  get isUnderWay(): boolean {
    return this.#prepared !== null;
  }

  /** One step of the settler's: cut where one can be cut, then let the chain have its say. */
  async step(): Promise<void> {
    const wish = { maxFeeBps: MAX_FEE_BPS };
    const answers = await Promise.all([
      this.#serverPool.perform("cut", wish),
      this.#serverPool.perform("cut", wish),
    ]);
    const made = answers.filter(({ output }) => output !== null);
    const [first] = made;
    if (made.length > 1) throw new Disagreement("two checkpoints were cut at once", { made });
    if (first?.output !== null && first !== undefined) {
      if (this.#prepared !== null) {
        throw new Disagreement("a checkpoint was cut before the last was final", { made });
      }
      this.#prepared = first.output;
      this.cuts.push({ id: first.output.id, from: first.from, until: first.until });
    }
    await this.#settle();
  }

  /** Takes up a checkpoint whose cut was carried out and whose answer was lost. */
  async adopt(latest: StoredCheckpoint | null, isKnown: boolean): Promise<void> {
    if (latest?.status !== "prepared" || isKnown) return;
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
    }
  }
}

/** The rows up to each checkpoint, one checkpoint on top of the last that was not dropped. */
export function rowsUpTo(
  checkpoints: readonly { id: bigint; dropped: boolean }[],
  rows: readonly (Row & { checkpoint: bigint })[],
): Map<bigint, ReadonlyMap<Address, Row>> {
  const byCheckpoint = Map.groupBy(rows, ({ checkpoint }) => checkpoint);
  const all = new Map<bigint, ReadonlyMap<Address, Row>>();
  let standing: ReadonlyMap<Address, Row> = new Map();
  for (const { id, dropped } of checkpoints) {
    const next = new Map(standing);
    for (const { party, spent, refunded, earned } of byCheckpoint.get(id) ?? []) {
      next.set(party, { party, spent, refunded, earned });
    }
    all.set(id, next);
    if (!dropped) standing = next;
  }
  return all;
}

/** In the order of their places. */
export function rootOf(rows: ReadonlyMap<Address, Row>, places: readonly Address[]): string {
  return commitToRows(places.flatMap((party) => rows.get(party) ?? [])).root;
}
