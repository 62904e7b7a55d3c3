import type { Address } from "viem";

import { HOLDS } from "@compute-credits/api/bounds";
import { MAIN_LINE } from "@compute-credits/rules/holds/hold";
import type { Parties } from "../parties.ts";
import type { Random } from "../random.ts";

/** How many lines a hold has, by the last digit of its id; 0 for one without a name. */
const LINES = [0, 0, 0, 0, 0, 0, 1, 2, 3, 4] as const;
/** Every so many holds of several lines have as many as a request may. */
const FULL_EVERY = 70;

/** The ids of a hold's lines, which its own id determines, so that peers can guess them. */
export function linesOfHold(id: string): readonly [string, ...string[]] {
  const number = numberOf(id);
  const count = number % FULL_EVERY === 9 ? HOLDS.lines.most : (LINES[number % 10] ?? 0);
  if (count === 0) return [MAIN_LINE];
  return ["line0", ...Array.from({ length: count - 1 }, (_, n) => `line${n + 1}`)];
}

function numberOf(id: string): number {
  return Number(/\d+$/.exec(id)?.[0] ?? 0);
}

export interface GeneratedKey {
  readonly provider: Address;
  readonly id: string;
}

/**
 * Event and hold ids of a lane. The number in an id determines its provider. So a lane can guess
 * its peers' ids, and no id ever belongs to two providers.
 */
export class IdGenerator {
  readonly #parties: Parties;
  readonly #lane: string;
  readonly #peers: readonly [string, ...string[]];
  readonly #random: Random;
  #events = 0;
  #holds = 0;

  /** `peers` are the names of the lanes whose ids this one uses, its own name included. */
  constructor(
    parties: Parties,
    lane: string,
    peers: readonly [string, ...string[]],
    random: Random,
  ) {
    this.#parties = parties;
    this.#lane = lane;
    this.#peers = peers;
    this.#random = random;
  }

  /** Creates an event key, mostly of a trusted provider: other events are refused early. */
  newEventKey(): GeneratedKey {
    for (;;) {
      const id = `${this.#lane}-e${this.#events++}`;
      const provider = this.providerOf(id);
      if (this.#isWanted(provider)) return { provider, id };
    }
  }

  newEventIdOf(provider: Address): string {
    for (;;) {
      const id = `${this.#lane}-e${this.#events++}`;
      if (this.providerOf(id) === provider) return id;
    }
  }

  /**
   * Creates the id of the usage event that a capture records. It belongs to the hold's provider.
   */
  newCaptureId(provider: Address): string {
    for (;;) {
      const key = this.newEventKey();
      if (key.provider === provider) return key.id;
    }
  }

  newHoldId(): string {
    for (;;) {
      const id = `${this.#lane}-h${this.#holds++}`;
      if (this.#isWanted(this.providerOf(id))) return id;
    }
  }

  /** Creates the id of a hold whose one line has no name. */
  newHoldIdOf(provider: Address): string {
    for (;;) {
      const id = `${this.#lane}-h${this.#holds++}`;
      if (this.providerOf(id) === provider && linesOfHold(id)[0] === MAIN_LINE) return id;
    }
  }

  /** Picks a recent event of this lane or a peer, whether or not it was debited. */
  recentEvent(): GeneratedKey {
    const number = Math.max(0, this.#events - 1 - this.#random.below(60));
    const id = `${this.#random.pick(this.#peers)}-e${number}`;
    return { provider: this.providerOf(id), id };
  }

  /** Picks a recent hold of this lane or a peer, whether or not it was authorized. */
  recentHold(): GeneratedKey {
    const number = Math.max(0, this.#holds - 1 - this.#random.below(8));
    const id = `${this.#random.pick(this.#peers)}-h${number}`;
    return { provider: this.providerOf(id), id };
  }

  providerOf(id: string): Address {
    const { providers } = this.#parties;
    return providers[numberOf(id) % providers.length] ?? providers[0];
  }

  #isWanted(provider: Address): boolean {
    return this.#parties.trusted.includes(provider) || this.#random.chance(20);
  }
}
