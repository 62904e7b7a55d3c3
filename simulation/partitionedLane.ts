import type { SimulatedChain } from "./chain.ts";
import type { Journal } from "./journal.ts";
import { addAllowance, changeAcceptance, issueGrants, revoke } from "./lane/allowances.ts";
import { addIssuingKey, endIssuingKey } from "./lane/issuingKeys.ts";
import { authorize, capture, extend, release } from "./lane/holds.ts";
import type { LaneState } from "./lane/laneState.ts";
import { addCodes, closeCode, redeemCodes } from "./lane/promotions.ts";
import { quote, reportUtilisation } from "./lane/pricing.ts";
import { recordEvents, voidEvent } from "./lane/usage.ts";
import { grantKey } from "./model/keyOf.ts";
import type { LedgerModel } from "./model/ledgerModel.ts";
import type { Operation } from "./operations.ts";
import type { ServerPool } from "./serverPool.ts";

/**
 * Performs a lane's operations one at a time and compares each outcome with the model's prediction.
 * If an answer contains the time when the ledger acted, the model acts at that time. A refusal does
 * not, so it must match the model's prediction for some time between the request and the answer.
 */
export class PartitionedLane {
  readonly #chain: SimulatedChain;
  readonly #state: LaneState;

  constructor(serverPool: ServerPool, chain: SimulatedChain, journal: Journal, model: LedgerModel) {
    this.#chain = chain;
    this.#state = { serverPool, journal, model, quotes: new Map() };
  }

  get model(): LedgerModel {
    return this.#state.model;
  }

  async perform(operation: Operation): Promise<void> {
    const state = this.#state;
    switch (operation.kind) {
      case "record":
        await recordEvents(state, operation);
        return;
      case "void":
        await voidEvent(state, operation);
        return;
      case "authorize":
        await authorize(state, operation);
        return;
      case "capture":
        await capture(state, operation);
        return;
      case "release":
        await release(state, operation);
        return;
      case "extend":
        await extend(state, operation);
        return;
      case "allow":
        await addAllowance(state, operation);
        return;
      case "accept":
        await changeAcceptance(state, operation);
        return;
      case "revoke":
        await revoke(state, operation);
        return;
      case "issue":
        await issueGrants(state, operation);
        return;
      case "issuingKey":
        await addIssuingKey(state, operation);
        return;
      case "endIssuingKey":
        await endIssuingKey(state, operation);
        return;
      case "revokeGrant": {
        const grant = this.model.grants.get(grantKey(operation.campaign, operation.key));
        if (grant !== undefined) await revoke(state, { kind: "revoke", id: grant.id });
        return;
      }
      case "addCodes":
        await addCodes(state, operation);
        return;
      case "redeem":
        await redeemCodes(state, operation);
        return;
      case "closeCode":
        await closeCode(state, operation);
        return;
      case "quote":
        await quote(state, operation);
        return;
      case "utilisation":
        await reportUtilisation(state, operation);
        return;
      case "chain": {
        const { events } = await this.#chain.append(operation.events);
        for (const event of events) this.model.chainEvent(event);
        return;
      }
      default:
        operation satisfies never;
    }
  }
}
