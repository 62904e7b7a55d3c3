import type { Address } from "viem";

import type { RefundRequest } from "@compute-credits/rules/accounts/refundRequest";
import { DisagreementError } from "./disagreement.ts";
import type { LedgerSnapshot } from "./ledgerSnapshot.ts";
import { dueAfter } from "./vault.ts";

/**
 * Checks that the ledger has set aside what the contract will call due of each open request.
 * Credits that holds may still spend are excepted. Nothing may wait for a request that is served.
 */
export function auditRefunds(
  { accounts }: LedgerSnapshot,
  requests: ReadonlyMap<Address, RefundRequest>,
): void {
  for (const { address, spent, held, refunding, refunded, waiting } of accounts) {
    const request = requests.get(address);
    const missing =
      request === undefined
        ? 0n
        : dueAfter(request, { spent: spent + held, refunded: refunded + refunding });
    if (missing > 0n || (request === undefined && waiting > 0n)) {
      const row = { spent, held, refunding, refunded, waiting };
      throw new DisagreementError("a refund is less than its request", {
        address,
        request,
        row,
        missing,
      });
    }
  }
}
