import type { Address } from "viem";

import type { SimulatedChain } from "./chain.ts";
import type { ServerPool } from "./serverPool.ts";
import { Disagreement } from "./disagreement.ts";
import type { Generator } from "./generator.ts";
import type { Journal } from "./journal.ts";
import { type Operation, weight } from "./operations.ts";
import type { Settlement } from "./settlement.ts";

/** Every so many operations a lane also sweeps holds; the first lane also moves settlement on. */
const CALLS_PER_SWEEP = 40;
const CALLS_PER_SETTLEMENT = 30;
/** A receipt keeps what came before it from being taken back: with more of them there would be no voids. */
const CALLS_PER_RECEIPT = 21;
const VOIDS_DURING_A_CUT = 24;

interface ContendedDeps {
  readonly serverPool: ServerPool;
  readonly chain: SimulatedChain;
  readonly journal: Journal;
  readonly settlement: Settlement;
  /** each is given a receipt of its earnings now and then */
  readonly providers: readonly Address[];
}

/** Lanes that all use the same accounts: nothing is predicted, all is written down, and audited afterwards. */
export async function runContended(
  lanes: readonly Generator[],
  operationsPerLane: number,
  parts: ContendedDeps,
): Promise<void> {
  await Promise.all(
    lanes.map(async (generator, index) => {
      let calls = 0;
      for (let done = 0; done < operationsPerLane; calls++) {
        const operation = generator.next();
        // oxlint-disable-next-line no-await-in-loop -- the lanes are many, each is one thing after the other
        await perform(operation, parts);
        done += weight(operation);
        parts.journal.operations += weight(operation);
        if (calls % CALLS_PER_SWEEP === index % CALLS_PER_SWEEP) {
          // oxlint-disable-next-line no-await-in-loop
          await parts.serverPool.perform("expire", { limit: 20 });
        }
        if (calls % CALLS_PER_RECEIPT === index % CALLS_PER_RECEIPT) {
          const provider = parts.providers[calls % parts.providers.length];
          // oxlint-disable-next-line no-await-in-loop
          if (provider !== undefined) await giveReceipt(provider, parts);
        }
        if (index === 0 && calls % CALLS_PER_SETTLEMENT === 0) {
          // A cut is over in milliseconds: what must not happen meanwhile is tried then, many times.
          const voids = generator.voids(VOIDS_DURING_A_CUT);
          // oxlint-disable-next-line no-await-in-loop
          await Promise.all([
            parts.settlement.step(),
            ...voids.map((each) => perform(each, parts)),
          ]);
          parts.journal.operations += voids.length;
        }
      }
    }),
  );
}

/** While events of the provider are recorded and taken back. */
async function giveReceipt(
  provider: Address,
  { serverPool, journal }: ContendedDeps,
): Promise<void> {
  const { output } = await serverPool.perform("promise", provider);
  journal.receipts.push(output);
  journal.operations++;
}

export async function perform(
  operation: Operation,
  { serverPool, chain, journal }: ContendedDeps,
): Promise<void> {
  switch (operation.kind) {
    case "record": {
      const { events, twice } = operation;
      const answers = await Promise.all(
        Array.from({ length: twice ? 2 : 1 }, () => serverPool.perform("record", events)),
      );
      for (const done of answers) journal.recorded(events, done);
      return;
    }
    case "void":
      journal.voided(operation, await serverPool.perform("void", operation));
      return;
    case "authorize": {
      // Quotes are shown by lanes that keep them.
      const { quoteNumber: _, ...work } = operation.request;
      const done = await serverPool.perform("authorize", { ...work, quote: null });
      journal.held(operation.request, done, null);
      return;
    }
    case "capture":
      journal.captured(operation.request, await serverPool.perform("capture", operation.request));
      return;
    case "release":
      await serverPool.perform("release", operation.key);
      return;
    case "allow": {
      const { signed } = operation;
      journal.allowed(signed, await serverPool.perform("allow", signed));
      return;
    }
    case "revoke": {
      const { output } = await serverPool.perform("revoke", { id: operation.id });
      if (output?.revokedAt == null) throw new Disagreement("not revoked", { operation, output });
      return;
    }
    case "issue": {
      const { campaign, grants } = operation;
      journal.issued(campaign, grants, await serverPool.perform("issue", { campaign, grants }));
      return;
    }
    case "revokeGrant": {
      const id = journal.grants.get(`${operation.campaign}|${operation.key}`);
      if (id === undefined) return;
      const { output } = await serverPool.perform("revoke", { id });
      if (output?.revokedAt == null) throw new Disagreement("not revoked", { operation, output });
      return;
    }
    case "quote":
      return;
    case "utilisation":
      await serverPool.perform("utilisation", operation.report);
      return;
    case "chain":
      await chain.append(operation.events);
      return;
    default:
      operation satisfies never;
  }
}
