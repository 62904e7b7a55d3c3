import { z } from "zod";

import { integer, url } from "@compute-credits/platform/process/environment";
import { mayBe } from "@compute-credits/protocol/messages/keyKind";

const file = z.string().min(1).optional();

const GATEWAY = {
  METERING_URL: url(/^https?$/, "an http(s) URL")
    .default("http://127.0.0.1:8080")
    .describe("Metering server that charges."),
  PROVIDER_KEY: z
    .string({ error: "is missing: the provider's key (ccpk_…), or PROVIDER_KEY_FILE" })
    .refine((text) => text.length >= 16 && text.length <= 256 && mayBe(text, "provider"), {
      error: "must be a provider's key (ccpk_…)",
    })
    .describe("The provider's key at the metering server."),
  PROVIDER_KEY_FILE: file.describe("File that holds it instead."),
  UPSTREAM_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{1,1024}$/, "must be letters, digits or signs, without spaces")
    .optional()
    .describe("The gateway's key at the upstream; unset: it takes none."),
  UPSTREAM_KEY_FILE: file.describe("File that holds it instead."),
  GATEWAY_ORIGIN: url(/^https?$/, "the gateway's own address, like https://llm.example")
    .optional()
    .describe("Address that callers use: lets wallets sign requests."),
  CHAIN_ID: z
    .string()
    .regex(/^[1-9]\d{0,14}$/, "must be a chain's id: 1 or more")
    .meta({ bounds: "1 to 15 digits" })
    .transform(Number)
    .optional()
    .describe("Chain of the vault; needed with `GATEWAY_ORIGIN`."),
  REQUEST_SECONDS: integer(30, 86_400).default(900).describe("How long one request may take."),
  UPSTREAM_SILENCE_SECONDS: integer(1, 86_400)
    .default(120)
    .describe("Longest wait for the next byte of the upstream."),
  MAX_BODY_BYTES: integer(1_024, 268_435_456).default(16_777_216).describe("Longest request."),
  MAX_CONNECTIONS: integer(1, 100_000).default(4_096).describe("Open connections of callers."),
};

/** Every variable. docs/gateway.md is generated from their descriptions, defaults and bounds. */
export const GATEWAY_SETTINGS = { gateway: GATEWAY };

export const Environment = z.object(GATEWAY);
