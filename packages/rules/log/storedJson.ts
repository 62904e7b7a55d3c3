import { z } from "zod";

import { AllowanceJson, ScopeJson } from "@compute-credits/protocol/json/allowance";
import { AddressField, Bytes32Field } from "@compute-credits/protocol/json/fields";
import { Dimensions } from "@compute-credits/protocol/json/names";
import { RULE_KINDS } from "@compute-credits/protocol/json/ruleKinds";
import { MAIN_LINE } from "../holds/hold.ts";
import { toPinnedRate } from "../pricing/pinnedRateJson.ts";

/** JSON values in the log and in the auditor's database: bigints as text, times as ISO 8601. */
export const hex = z.templateLiteral(["0x", z.string()]);
export const whole = z.string().transform(BigInt);
export const time = z.string().transform((text) => new Date(text));

export const Use = z.object({ account: hex, rateKey: z.string(), month: z.string() });

export const Step = z.object({
  step: z.number(),
  effectiveFrom: time,
  utilisationBps: whole,
  beforeBps: whole,
  afterBps: whole,
  rateCardVersion: z.number(),
});

/** A promotion code's terms, apart from how often it is redeemed. */
export const StoredTerms = z.object({
  limit: whole,
  period: whole,
  rollover: whole,
  priority: z.number().nullable(),
  scope: ScopeJson.nullable(),
  redeemBy: whole,
  validSeconds: whole,
});

/** The terms of a campaign's rule. */
export const StoredRuleTerms = z.object({
  kind: z.enum(RULE_KINDS),
  atLeastMicros: whole,
  limit: whole,
  period: whole,
  rollover: whole,
  priority: z.number().nullable(),
  scope: ScopeJson.nullable(),
  maxGrants: whole,
  claimBy: whole,
  validSeconds: whole,
});

/** A campaign's rule, as the auditor keeps it. */
export const StoredRule = StoredRuleTerms.extend({
  issuer: Bytes32Field,
  setAt: time,
  sinceBlock: whole,
  closedAt: time.nullable(),
  grants: whole,
});

export const StoredAllowance = z.object({
  id: hex,
  message: AllowanceJson,
  scope: ScopeJson,
  signature: hex,
  byContract: z.boolean(),
  campaign: hex.nullable(),
  createdAt: time,
});

export const Charge = z.object({
  account: AddressField,
  allowance: Bytes32Field,
  amountMicros: whole,
  feeMicros: whole,
});

/** What a charged event has besides its first charge. */
export const StoredOthers = z.object({
  charges: z.array(Charge),
  tierUnits: z.array(z.object({ use: Use, units: whole })),
  takenAts: z.array(time).optional(),
});

export const Pinned = z.unknown().transform(toPinnedRate);
const ending = z.enum(["captured", "released", "expired"]);

const amounts = {
  quantity: whole,
  rate: Pinned,
  parts: z.array(z.object({ account: hex, allowance: hex, heldMicros: whole })),
  capturedMicros: whole,
  capturedQuantity: whole,
};

const lot = { line: z.string(), meter: z.string(), dimensions: Dimensions, ...amounts };

const hold = {
  provider: hex,
  id: z.string(),
  spender: hex,
  requestHash: hex,
  createdAt: time,
  expiresAt: time,
  resolution: z.object({ as: ending, at: time }).nullable(),
};

/** A hold that was stored when each had one lot. */
const HoldOfOneLot = z
  .object({ ...hold, meter: z.string(), dimensions: Dimensions, ...amounts })
  .transform(
    ({ meter, dimensions, quantity, rate, parts, capturedMicros, capturedQuantity, ...rest }) => {
      const heldAt = rest.createdAt;
      const only = { line: MAIN_LINE, meter, dimensions, quantity, rate, heldAt, parts };
      return { ...rest, lots: [{ ...only, capturedMicros, capturedQuantity }] };
    },
  );

export const StoredHold = z.union([
  z.object({
    ...hold,
    lots: z.array(z.object({ ...lot, heldAt: time })).min(1),
    extendedAt: time.optional(),
  }),
  HoldOfOneLot,
]);

const place = { blockNumber: whole, blockTime: time, logIndex: z.number(), transactionHash: hex };

/** The chain events that affect a row or the validity of a signature. */
export const AuditedChainEvent = z.discriminatedUnion("type", [
  z.object({
    ...place,
    type: z.literal("purchased"),
    account: hex,
    payer: hex,
    amountMicros: whole,
    tokenAmount: whole,
  }),
  z.object({
    ...place,
    type: z.literal("refund_requested"),
    account: hex,
    requestedMicros: whole,
    unspentMicros: whole,
    refundedMicros: whole,
  }),
  z.object({
    ...place,
    type: z.literal("row_settled"),
    party: hex,
    epoch: whole,
    spent: whole,
    refunded: whole,
    earned: whole,
  }),
  z.object({ ...place, type: z.literal("refund_served"), account: hex }),
  z.object({ ...place, type: z.literal("counter_raised"), account: hex, counter: whole }),
  z.object({
    ...place,
    type: z.literal("cap_recorded"),
    account: hex,
    counter: whole,
    accountCapMicros: whole,
  }),
  z.object({ ...place, type: z.literal("checkpoint_dropped"), epoch: whole, root: hex }),
]);

/** A key that issues grants, as the auditor keeps it. */
export const StoredIssuingKey = z.object({
  account: AddressField,
  campaign: Bytes32Field,
  counter: whole,
  isRevoked: z.boolean(),
  revokesGrants: z.boolean(),
});
