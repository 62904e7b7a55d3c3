import { z } from "zod";

import { ANSWERS } from "../bounds.ts";
import { AddressText, MicrosText, TimeText } from "../fields.ts";
import { route } from "../route.ts";

const Duties = z
  .object({
    asOf: TimeText.describe("By the chain's clock, as are all times."),
    refunds: z
      .array(
        z.object({
          account: AddressText,
          requestedMicros: MicrosText,
          requestedAt: TimeText,
          dueAt: TimeText.describe("From then on anyone may freeze the vault for it."),
        }),
      )
      .max(ANSWERS.listed.most)
      .describe("Open requests, the first to be due first."),
    refundCount: z.int().describe("Of all open requests."),
    challenges: z
      .array(
        z.object({
          account: AddressText.describe("Whose row is challenged."),
          challenger: AddressText,
          dueAt: TimeText.describe("From then on it drops the checkpoint."),
        }),
      )
      .max(ANSWERS.listed.most)
      .describe("Open challenges, the first to be due first."),
    challengeCount: z.int().describe("Of all open challenges."),
  })
  .meta({ id: "Duties" });

export const getDuties = route({
  id: "getDuties",
  weight: "heavyRead",
  method: "get",
  path: "/v1/duties",
  tag: "insight",
  summary: "Refunds and challenges by their deadlines",
  description: "What the contract gives to the operator to do, and until when.",
  callers: ["operator", "auditor"],
  answers: { 200: { description: "The duties.", schema: Duties } },
  reasons: [],
});
