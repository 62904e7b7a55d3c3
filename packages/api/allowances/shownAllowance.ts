import { z } from "zod";

import { AllowanceJson, ScopeJson } from "@compute-credits/protocol/json/allowance";
import { SignatureField } from "@compute-credits/protocol/json/fields";
import { Bytes32Text, MicrosText, TimeText } from "../fields.ts";

/** The fields of an allowance in answers. */
export const SHOWN_ALLOWANCE = {
  id: Bytes32Text.describe(
    "The EIP-712 digest that the owner signed; of a grant, the hash of its terms.",
  ),
  allowance: AllowanceJson,
  scope: ScopeJson.describe("The lists whose hash is the allowance's `scope`."),
  signature: SignatureField.nullable().describe(
    "The owner's; `null` of a grant, because its campaign's covers it.",
  ),
  accepted: z.boolean().describe("Whether it counts: its spender has accepted the account."),
  createdAt: TimeText,
  revokedAt: TimeText.nullable(),
  spentMicros: MicrosText.describe("Spent and held in all periods."),
  remainingMicros: MicrosText.describe("What is left of the limit in this period."),
  capRecorded: z
    .enum(["not_needed", "recorded", "waiting_for_cap"])
    .describe("Of a contract wallet: whether the chain has its `accountCap` on record."),
  recordedCapMicros: MicrosText.nullable().describe(
    "A contract wallet's allowance may be spent up to this; `null` if a key signed.",
  ),
  campaign: z
    .object({ id: Bytes32Text, revokedAt: TimeText.nullable(), remainingMicros: MicrosText })
    .nullable()
    .describe("What a grant was issued from. `null` in lists, and of what an owner signed."),
};

export const ShownAllowance = z.object(SHOWN_ALLOWANCE).meta({ id: "Allowance" });
