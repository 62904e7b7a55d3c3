import type { Address, Hex, LocalAccount } from "viem";

import type { SignedEvidence } from "@compute-credits/protocol/json/evidence";
import { jsonText } from "@compute-credits/protocol/jsonText";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { usageEvidenceTypedData } from "@compute-credits/protocol/messages/usageEvidence";
import { askWallet } from "./signing.ts";
import { lowercaseHex } from "@compute-credits/protocol/hex";

/** What a meter says of the work of one event or capture, beside its quantity. */
export interface MeterEvidence {
  /** of the hardware; 10,000 is all */
  readonly utilisationBps?: number;
  readonly energyMillijoules?: bigint;
  /** what the hardware's own counter showed at the end of the work */
  readonly energyCounterMillijoules?: bigint;
  /** of the customer's request, in a way that provider and customer agreed on */
  readonly requestHash?: Hex;
  /** a JWT, such as NVIDIA's overall token */
  readonly attestation?: string;
}

/**
 * Signs evidence with a meter's own key: `data.evidence` of a usage event, or `evidence` of a
 * capture. `quantity` is the event's.
 */
export async function signEvidence(
  meter: Pick<LocalAccount, "address" | "signTypedData">,
  deployment: Deployment,
  event: { readonly provider: Address; readonly eventId: string; readonly quantity: bigint },
  evidence: MeterEvidence,
): Promise<SignedEvidence> {
  const content = jsonText(evidence);
  const message = { ...event, content };
  const typedData = usageEvidenceTypedData(deployment, message);
  const signature = await askWallet(() => meter.signTypedData(typedData));
  return { meterKey: lowercaseHex(meter.address), content, signature };
}
