import { z } from "zod";

import { AddressField } from "@compute-credits/protocol/json/fields";
import { ANSWERS, PAGES } from "../bounds.ts";
import { AddressText, Bytes32Text, MicrosText, TimeText, limitField } from "../fields.ts";
import { route } from "../route.ts";

const OpenHold = z
  .object({
    id: z.string(),
    spender: Bytes32Text.describe("The spender as allowances name it: 32 bytes."),
    meter: z.string().describe("Of the first line."),
    heldMicros: MicrosText.describe("Of all lines: what is neither captured nor returned."),
    capturedMicros: MicrosText.describe("Of all lines."),
    createdAt: TimeText,
    expiresAt: TimeText,
  })
  .meta({ id: "OpenHold" });

export const listOpenHolds = route({
  id: "listOpenHolds",
  weight: "heavyRead",
  method: "get",
  path: "/v1/providers/{address}/holds",
  tag: "holds",
  summary: "A provider's open holds, the next to end first",
  description: "Without pages: those that end later follow once these have ended.",
  callers: ["theProvider", "operator", "auditor"],
  params: z.strictObject({ address: AddressField }),
  query: z.strictObject({ limit: limitField({ ...PAGES.list, fallback: ANSWERS.listed.most }) }),
  answers: {
    200: {
      description: "The holds.",
      schema: z.object({
        provider: AddressText,
        asOf: TimeText.describe("By the database's clock."),
        holds: z.array(OpenHold).max(PAGES.list.most),
        isAll: z.boolean().describe("Whether no open hold ends later than these."),
      }),
    },
  },
  reasons: [],
});
