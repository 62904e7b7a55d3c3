import { z } from "zod";

import { AddressField } from "@compute-credits/protocol/json/fields";
import { ANSWERS } from "../bounds.ts";
import {
  AddressText,
  Bytes32Text,
  MicrosText,
  SignedMicrosText,
  TimeText,
  UintText,
} from "../fields.ts";
import { route } from "../route.ts";

const Runway = z.union([
  z.object({ secondsToZero: UintText }),
  z.object({
    secondsToZero: z.null(),
    reason: z.enum(["nothing_spent", "nobody_may_spend", "allowances_end", "beyond_horizon"]),
    reckonedSeconds: UintText.describe("How far ahead was reckoned."),
    leftMicros: SignedMicrosText.describe("What would be left then."),
  }),
]);

const Bound = z.object({
  id: Bytes32Text,
  spender: Bytes32Text,
  remainingMicros: MicrosText,
  limitMicros: MicrosText,
  rolloverMicros: MicrosText,
  periodEndsAt: UintText.nullable().describe(
    "Seconds since 1970; `null`: it never renews or ends.",
  ),
  startsAt: UintText,
  expiresAt: UintText,
  accountCapMicros: MicrosText,
});

export const getRunway = route({
  id: "getRunway",
  weight: "heavyRead",
  method: "get",
  path: "/v1/accounts/{address}/runway",
  tag: "insight",
  summary: "Burn rate, and how long the credits last",
  callers: ["owner", "viewKey", "operator", "auditor"],
  params: z.strictObject({ address: AddressField }),
  answers: {
    200: {
      description: "The burn of the last hour, day and week, and the runway at each.",
      schema: z.object({
        account: AddressText,
        asOf: TimeText,
        windows: z.array(
          z.object({
            windowSeconds: UintText,
            spentMicros: MicrosText,
            burnMicrosPerHour: MicrosText,
            runway: Runway,
          }),
        ),
        reckonedWith: z
          .object({
            availableMicros: SignedMicrosText,
            spentMicros: MicrosText,
            heldMicros: MicrosText,
            refundWaitingMicros: MicrosText,
            holds: z
              .array(z.object({ allowance: Bytes32Text, heldMicros: MicrosText, backAt: TimeText }))
              .max(ANSWERS.listed.most),
            holdCount: z.int(),
            allowances: z.array(Bound).max(ANSWERS.listed.most),
            allowanceCount: z.int(),
          })
          .describe("What it was reckoned with, so that a reader can do it again."),
      }),
    },
  },
  reasons: [],
});
