import { keccak256, numberToHex, zeroHash } from "viem";

import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import type { ChainEvent, ChainPosition } from "@compute-credits/rules/chain/chainEvent";
import type { ChainSource } from "@compute-credits/platform/chain/chainSource";
import type { BlockStep } from "./calls.ts";
import type { ServerPool } from "./serverPool.ts";

/** A chain event that has no place on the chain yet. */
export type NewChainEvent = ChainEvent extends infer Event
  ? Event extends ChainEvent
    ? Omit<Event, keyof ChainPosition>
    : never
  : never;

/** When the ledger took a block in: not before `from`, not after `until`. */
export interface AppliedBlock {
  readonly number: bigint;
  readonly events: readonly NewChainEvent[];
  readonly from: Date;
  readonly until: Date;
}

/** The chain of the simulation: a block for each group of events, which several servers try to take in at once. */
export class SimulatedChain implements ChainSource {
  readonly #serverPool: ServerPool;
  #head: BlockPoint;
  #last: Promise<unknown> = Promise.resolve();
  readonly blocks: AppliedBlock[] = [];
  readonly #steps: BlockStep[] = [];

  constructor(serverPool: ServerPool, origin: BlockPoint) {
    this.#serverPool = serverPool;
    this.#head = origin;
  }

  /** Puts the events into the next block; resolves when the ledger has taken it in. */
  append(events: readonly NewChainEvent[]): Promise<AppliedBlock> {
    const applied = this.#last.then(() => this.#applyNext(events));
    this.#last = applied.catch(() => undefined);
    return applied;
  }

  /** For whoever reads the chain besides: a block after the other, as the ledger has taken them in. */
  after(from: BlockPoint): ReturnType<ChainSource["after"]> {
    // Block n is the n-th.
    const step = this.#steps[Number(from.number)];
    if (step === undefined) return Promise.resolve("no_new_block");
    const isLast = Number(step.upTo.number) === this.#steps.length;
    return Promise.resolve({ upTo: step.upTo, events: step.events, isLast });
  }

  async #applyNext(events: readonly NewChainEvent[]): Promise<AppliedBlock> {
    const from = this.#head;
    const number = from.number + 1n;
    const upTo = { number, hash: keccak256(numberToHex(number)), time: new Date() };
    const placed = events.map((event, logIndex) => ({
      ...event,
      blockNumber: number,
      blockTime: upTo.time,
      logIndex,
      transactionHash: zeroHash,
    }));
    const step = { from, upTo, events: placed };

    // Two servers at once, as in production: one of them must be told that the other was faster.
    const answers = await Promise.all([
      this.#serverPool.perform("apply", step),
      this.#serverPool.perform("apply", step),
    ]);
    const applied = answers.filter(({ output }) => output).length;
    const isLost = answers.some(({ lost }) => lost > 0);
    if (applied > 1 || (applied === 0 && !isLost)) {
      throw new Error(`block ${number} was taken in ${applied} times`);
    }
    const cursor = await this.#serverPool.perform("cursor", null);
    if (cursor.output.number !== number || cursor.output.hash !== upTo.hash) {
      throw new Error(`the ledger stands at block ${cursor.output.number}, not at ${number}`);
    }

    this.#head = upTo;
    this.#steps.push(step);
    const block = { number, events, from: answers[0].from, until: cursor.until };
    this.blocks.push(block);
    return block;
  }
}
