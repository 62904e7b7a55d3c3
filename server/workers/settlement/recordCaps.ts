import type { Address, Hex } from "viem";

import type { CapProof, ChainWriter } from "@compute-credits/platform/chain/chainWriter";
import type { DisputeStore } from "../../stores/settlement/disputeStore.ts";

export interface CapDeps {
  readonly writer: ChainWriter;
  readonly disputes: DisputeStore;
  /** Whether the account's own key made the signature: then it can never be disowned. */
  readonly isKeySignature: (account: Address, digest: Hex, signature: Hex) => Promise<boolean>;
  readonly onCapRefused: (cap: CapProof, error: unknown) => void;
}

/** Half a second of work at most. */
const LOOKED_AT_PER_STEP = 500;
const CAPS_PER_STEP = 20;

/** Has the court record the ceilings of contract wallets that were charged: a wallet could disown them before a challenge. */
export async function recordCaps({
  writer,
  disputes,
  isKeySignature,
  onCapRefused,
}: CapDeps): Promise<void> {
  const unknown = await disputes.unclassifiedSignatures(LOOKED_AT_PER_STEP);
  if (unknown.length > 0) {
    await disputes.recordSignatureKinds(
      await Promise.all(
        unknown.map(async ({ id, account, signature }) => ({
          id,
          byContract: !(await isKeySignature(account, id, signature)),
        })),
      ),
    );
  }
  for (const cap of await disputes.capsToRecord(CAPS_PER_STEP)) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one wallet sends its transactions one by one
      await writer.recordCap(cap);
    } catch (error) {
      onCapRefused(cap, error);
    }
  }
}
