import type { Address, Hex } from "viem";

import type { ChainWriter } from "@compute-credits/platform/chain/chainWriter";
import type { DisputeStore } from "../../stores/settlement/disputeStore.ts";
import type { SettlerEvents } from "./settlerEvents.ts";

export interface CapDeps {
  readonly writer: Pick<ChainWriter, "recordCap">;
  readonly disputes: Pick<
    DisputeStore,
    "unclassifiedSignatures" | "recordSignatureKinds" | "capsToRecord"
  >;
  /** Whether the account's own key made the signature. Only a contract wallet can disown one. */
  readonly isEcdsaSignature: (account: Address, digest: Hex, signature: Hex) => Promise<boolean>;
  readonly events: Pick<SettlerEvents, "capRefused">;
}

/** Bounds the signature checks of one step to half a second. */
const CHECKED_PER_STEP = 500;
const CAPS_PER_STEP = 20;

/**
 * Records with the court the caps of contract wallets that were charged. A wallet could disown its
 * signature later, and then a challenge to its row could not be answered.
 */
export async function recordCaps({
  writer,
  disputes,
  isEcdsaSignature,
  events,
}: CapDeps): Promise<void> {
  const unknown = await disputes.unclassifiedSignatures(CHECKED_PER_STEP);
  if (unknown.length > 0) {
    await disputes.recordSignatureKinds(
      await Promise.all(
        unknown.map(async ({ id, account, signature }) => ({
          id,
          byContract: !(await isEcdsaSignature(account, id, signature)),
        })),
      ),
    );
  }
  for (const cap of await disputes.capsToRecord(CAPS_PER_STEP)) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one wallet sends its transactions one by one
      await writer.recordCap(cap);
    } catch (error) {
      events.capRefused(cap, error);
    }
  }
}
