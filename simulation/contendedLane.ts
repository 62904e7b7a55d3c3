import type { Address } from "viem";

import type { Claiming } from "./claiming.ts";
import { rollUpSlice } from "./dailySums.ts";
import type { SimulatedChain } from "./chain.ts";
import type { ServerPool } from "./serverPool.ts";
import { DisagreementError } from "./disagreement.ts";
import type { Generator } from "./generator/generator.ts";
import type { Journal } from "./journal.ts";
import { toCaptureRequest, toHoldRequest } from "./model/holdRequest.ts";
import { grantKey } from "./model/keyOf.ts";
import { type Operation, weight } from "./operations.ts";
import type { Settlement } from "./settlement.ts";

/**
 * After this many operations a lane also releases expired holds, and the first lane also advances
 * settlement.
 */
const CALLS_PER_SWEEP = 40;
const CALLS_PER_SETTLEMENT = 30;
/**
 * A receipt blocks voids of all earlier events of its provider, so more receipts would leave no
 * voids.
 */
const CALLS_PER_RECEIPT = 21;
/** Slices are small, so that sums are behind the log in most moments. */
const CALLS_PER_ROLL_UP = 25;
const CALLS_PER_CLAIM = 11;
const VOIDS_DURING_A_CUT = 24;

interface ContendedDeps {
  readonly serverPool: ServerPool;
  readonly chain: SimulatedChain;
  readonly journal: Journal;
  readonly settlement: Settlement;
  readonly claiming: Claiming;
  /** each gets a receipt of its earnings from time to time */
  readonly providers: readonly Address[];
}

/**
 * Runs lanes that share accounts. Nothing is predicted: all answers go to the journal, which is
 * audited later.
 */
export async function runContended(
  lanes: readonly Generator[],
  operationsPerLane: number,
  deps: ContendedDeps,
): Promise<void> {
  await Promise.all(
    lanes.map(async (generator, index) => {
      let calls = 0;
      for (let operations = 0; operations < operationsPerLane; calls++) {
        const operation = generator.next();
        // oxlint-disable-next-line no-await-in-loop -- each lane is sequential
        await performOperation(operation, deps);
        operations += weight(operation);
        deps.journal.operations += weight(operation);
        if (calls % CALLS_PER_SWEEP === index % CALLS_PER_SWEEP) {
          // oxlint-disable-next-line no-await-in-loop
          await deps.serverPool.call("expire", { limit: 20 });
        }
        if (calls % CALLS_PER_CLAIM === index % CALLS_PER_CLAIM) {
          // oxlint-disable-next-line no-await-in-loop
          await deps.claiming.claim(index);
        }
        if (calls % CALLS_PER_ROLL_UP === index % CALLS_PER_ROLL_UP) {
          // oxlint-disable-next-line no-await-in-loop
          await rollUpSlice(deps.serverPool, calls);
        }
        if (calls % CALLS_PER_RECEIPT === index % CALLS_PER_RECEIPT) {
          const provider = deps.providers[calls % deps.providers.length];
          // oxlint-disable-next-line no-await-in-loop
          if (provider !== undefined) await issueReceipt(provider, deps);
        }
        if (index === 0 && calls % CALLS_PER_SETTLEMENT === 0) {
          // A cut takes milliseconds, so many voids are sent at that very moment.
          const voids = generator.voids(VOIDS_DURING_A_CUT);
          // oxlint-disable-next-line no-await-in-loop
          await Promise.all([
            deps.settlement.step(),
            ...voids.map((each) => performOperation(each, deps)),
          ]);
          deps.journal.operations += voids.length;
        }
      }
    }),
  );
}

/** Issues a receipt while the provider's events are recorded and voided. */
async function issueReceipt(
  provider: Address,
  { serverPool, journal }: ContendedDeps,
): Promise<void> {
  const { output } = await serverPool.call("receipt", provider);
  journal.receipts.push(output);
  journal.operations++;
}

/** Performs an operation and adds its answers to the journal. */
export async function performOperation(
  operation: Operation,
  { serverPool, chain, journal }: ContendedDeps,
): Promise<void> {
  switch (operation.kind) {
    case "record": {
      const { events, twice } = operation;
      const answers = await Promise.all(
        Array.from({ length: twice ? 2 : 1 }, () => serverPool.call("record", events)),
      );
      for (const result of answers) journal.addEvents(events, result);
      return;
    }
    case "void":
      journal.addVoid(operation, await serverPool.call("void", operation));
      return;
    case "authorize": {
      // Only predicted lanes keep quotes, so contended lanes hold at current prices.
      const request = { ...operation.request, quoteNumber: null };
      const sent = { request: toHoldRequest(request), quote: null };
      journal.addHold(request, await serverPool.call("authorize", sent), null);
      return;
    }
    case "capture": {
      const { request } = operation;
      const result = await serverPool.call("capture", toCaptureRequest(request));
      journal.addCapture(request, result);
      return;
    }
    case "release":
      await serverPool.call("release", operation.key);
      return;
    case "extend":
      journal.addExtension(operation.request, await serverPool.call("extend", operation.request));
      return;
    case "allow": {
      const { signed, proof } = operation;
      journal.addAllowance(signed, await serverPool.call("allow", { signed, proof }));
      return;
    }
    case "accept":
      await serverPool.call("accept", operation.change);
      return;
    case "revoke": {
      const { output } = await serverPool.call("revoke", { id: operation.id });
      if (output?.revokedAt == null)
        throw new DisagreementError("not revoked", { operation, output });
      return;
    }
    case "issue": {
      const { campaign, grants, issuer } = operation;
      const result = await serverPool.call("issue", { campaign, grants, issuer });
      journal.addGrants(campaign, grants, result);
      return;
    }
    case "issuingKey":
      await serverPool.call("issuingKey", operation.message);
      return;
    case "endIssuingKey":
      await serverPool.call("endIssuingKey", operation);
      return;
    case "revokeGrant": {
      const id = journal.grants.get(grantKey(operation.campaign, operation.key));
      if (id === undefined) return;
      const { output } = await serverPool.call("revoke", { id });
      if (output?.revokedAt == null)
        throw new DisagreementError("not revoked", { operation, output });
      return;
    }
    case "addCodes": {
      const { campaign, codes, issuer } = operation;
      const result = await serverPool.call("addCodes", { campaign, codes, issuer });
      journal.addCodes(campaign, codes, result);
      return;
    }
    case "redeem":
      await Promise.all(
        operation.requests.map(async (request) => {
          journal.addRedemption(request, await serverPool.call("redeem", request));
        }),
      );
      return;
    case "closeCode":
      journal.addClosure(operation, await serverPool.call("closeCode", operation));
      return;
    case "quote":
      return;
    case "utilisation":
      await serverPool.call("utilisation", operation.report);
      return;
    case "chain":
      await chain.append(operation.events);
      return;
    default:
      operation satisfies never;
  }
}
