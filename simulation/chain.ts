import { keccak256, numberToHex, zeroHash } from "viem";

import type { NewChainEvent } from "./newChainEvent.ts";
import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import type { ChainSource } from "@compute-credits/platform/chain/chainSource";
import type { BlockStep } from "./calls.ts";
import type { ServerPool } from "./serverPool.ts";
import { SimulatedVault } from "./vault.ts";

/** A block that the ledger applied between `from` and `until`. */
export interface AppliedBlock {
  readonly number: bigint;
  readonly events: readonly NewChainEvent[];
  readonly from: Date;
  readonly until: Date;
}

/**
 * A simulated chain with one block per group of events. Two servers try to apply each block at
 * once.
 */
export class SimulatedChain implements ChainSource {
  readonly #serverPool: ServerPool;
  #head: BlockPoint;
  #last: Promise<unknown> = Promise.resolve();
  readonly blocks: AppliedBlock[] = [];
  readonly vault = new SimulatedVault();
  readonly #steps: BlockStep[] = [];

  constructor(serverPool: ServerPool, origin: BlockPoint) {
    this.#serverPool = serverPool;
    this.#head = origin;
  }

  /**
   * Appends a block with the events that the vault accepts. Resolves when the ledger has applied
   * the block.
   */
  append(events: readonly NewChainEvent[]): Promise<AppliedBlock> {
    const applied = this.#last.then(() => this.#applyNext(events));
    this.#last = applied.catch(() => undefined);
    return applied;
  }

  /** Lets an auditor read the blocks that the ledger has applied, one at a time. */
  after(from: BlockPoint): ReturnType<ChainSource["after"]> {
    // Blocks are numbered from 1, so the block after n has index n.
    const step = this.#steps[Number(from.number)];
    if (step === undefined) return Promise.resolve("no_new_block");
    const isLast = Number(step.upTo.number) === this.#steps.length;
    return Promise.resolve({ upTo: step.upTo, events: step.events, isLast });
  }

  /** The block of a number. Throws if it was not applied. */
  point(number: bigint): BlockPoint {
    const step = this.#steps[Number(number) - 1];
    if (step === undefined) throw new RangeError(`there is no block ${number}`);
    return step.upTo;
  }

  async #applyNext(proposed: readonly NewChainEvent[]): Promise<AppliedBlock> {
    const time = new Date();
    const events = this.vault.apply(proposed, time);
    const from = this.#head;
    const number = from.number + 1n;
    const upTo = { number, hash: keccak256(numberToHex(number)), time };
    const placed = events.map((event, logIndex) => ({
      ...event,
      blockNumber: number,
      blockTime: upTo.time,
      logIndex,
      transactionHash: zeroHash,
    }));
    const step = { from, upTo, events: placed };

    // Two servers at once, as in production: exactly one of them may apply the block.
    const answers = await Promise.all([
      this.#serverPool.call("apply", step),
      this.#serverPool.call("apply", step),
    ]);
    const applied = answers.filter(({ output }) => output).length;
    const isLost = answers.some(({ lost }) => lost > 0);
    if (applied > 1 || (applied === 0 && !isLost)) {
      throw new Error(`block ${number} was applied ${applied} times`);
    }
    const cursor = await this.#serverPool.call("cursor", null);
    if (cursor.output.number !== number || cursor.output.hash !== upTo.hash) {
      throw new Error(`the ledger is at block ${cursor.output.number}, not at ${number}`);
    }

    this.#head = upTo;
    this.#steps.push(step);
    const block = { number, events, from: answers[0].from, until: cursor.until };
    this.blocks.push(block);
    return block;
  }
}
