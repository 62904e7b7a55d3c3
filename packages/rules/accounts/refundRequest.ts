import { min } from "@compute-credits/protocol/amounts";
import { type Account, available, fundWaitingRefund } from "./account.ts";

/** A refund request as in the contract's event `RefundRequested`, in micro-credits. */
export interface RefundRequest {
  readonly requestedMicros: bigint;
  /** purchased − refunded on chain at the request; later purchases do not count */
  readonly unspentMicros: bigint;
  /** refunded on chain at the request; any excess counts towards the request */
  readonly refundedMicros: bigint;
}

/** The amount due on chain once the contract has settled `spentMicros`. Source: `Refunds.sol`. */
export function refundDue(
  { requestedMicros, unspentMicros }: RefundRequest,
  spentMicros: bigint,
): bigint {
  const unspent = unspentMicros > spentMicros ? unspentMicros - spentMicros : 0n;
  return min(requestedMicros, unspent);
}

/** Whether a settled row closes the request on chain. */
export function isRefundServed(
  request: RefundRequest,
  settled: { readonly spent: bigint; readonly refunded: bigint },
): boolean {
  return settled.refunded - request.refundedMicros >= refundDue(request, settled.spent);
}

/**
 * Opens a refund request: reserves available credits at once and all later returning ones. So
 * `refunded + refunding` never falls below the amount due on chain (I8).
 */
export function openRefundRequest(account: Account, request: RefundRequest): Account {
  // If debits were voided after an earlier request was served, more is reserved than the contract
  // has paid. The excess counts towards this request.
  const givenMicros = account.refunded + account.refunding - request.refundedMicros;
  const missingMicros = request.requestedMicros - givenMicros;
  const waiting = { ...account, refundWaiting: missingMicros > 0n ? missingMicros : 0n };
  return fundWaitingRefund(waiting, available(account));
}

/** Closes a request that the chain has served: returning credits become spendable again. */
export function closeRefundRequest(account: Account): Account {
  return { ...account, refundWaiting: 0n };
}

/** The most that an open request can still get from holds. Spent credits return only by voids. */
export function refundFromHolds({ refundWaiting, held }: Account): bigint {
  return min(refundWaiting, held);
}
