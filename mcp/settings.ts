import { z } from "zod";

import { address, privateKey, url } from "@compute-credits/platform/process/environment";
import { type KeyKind, mayBe } from "@compute-credits/protocol/messages/keyKind";

const key = (kind: KeyKind, what: string) =>
  z
    .string()
    .refine((text) => text.length >= 16 && text.length <= 256 && mayBe(text, kind), {
      error: `must be ${what}`,
    })
    .optional();

const file = z.string().min(1).optional();

const MCP = {
  METERING_URL: url(/^https?$/, "an http(s) URL")
    .default("http://127.0.0.1:8080")
    .describe("Metering server that the tools ask."),
  API_KEY: key("spender", "an API key (cck_…)").describe("The agent's own API key."),
  API_KEY_FILE: file.describe("File that holds it instead."),
  VIEW_KEY: key("view", "a view key (ccvk_…)").describe("View key of the account that pays."),
  VIEW_KEY_FILE: file.describe("File that holds it instead."),
  ISSUING_KEY: key("issuing", "an issuing key (ccik_…)").describe(
    "Issuing key: lets the agent make keys within its campaign.",
  ),
  ISSUING_KEY_FILE: file.describe("File that holds it instead."),
  OWNER_PRIVATE_KEY: privateKey.optional().describe("Owner's wallet: lets the agent make any key."),
  OWNER_PRIVATE_KEY_FILE: file.describe("File that holds it instead."),
  CHAIN_ID: z
    .string()
    .regex(/^[1-9]\d{0,14}$/, "must be a chain's id: 1 or more")
    .meta({ bounds: "1 to 15 digits" })
    .transform(Number)
    .optional()
    .describe("Chain that the owner's wallet signs for; needed with it."),
  CONTRACT_ADDRESS: address
    .optional()
    .describe("Contract that the owner's wallet signs for; needed with it."),
  MAX_KEY_MICROS: z
    .string()
    .regex(/^[1-9]\d{0,18}$/, "must be micro-credits, in digits")
    .meta({ bounds: "1 to 19 digits" })
    .transform(BigInt)
    .optional()
    .describe("Highest limit of a new key; needed with the owner's wallet."),
  KEY_FOLDER: z
    .string()
    .min(1)
    .default(".data/keys")
    .describe("Folder of new keys, a file for each."),
  MCP_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{32,256}$/, "must be 32 to 256 letters, digits or signs")
    .optional()
    .describe("Bearer token of HTTP clients; needed with `--http`."),
  MCP_TOKEN_FILE: file.describe("File that holds it instead."),
};

/** Every variable. docs/agents.md is generated from their descriptions, defaults and bounds. */
export const MCP_SETTINGS = { mcp: MCP };

export const Environment = z.object(MCP);
