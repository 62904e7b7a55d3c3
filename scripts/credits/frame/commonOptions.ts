import { z } from "zod";

import { DEFAULT_PORTS } from "../../local/ports.ts";
import { ADDRESS, FILE, URL_OF, choice, flag, optional } from "./options.ts";

/** Variables that take the place of options, so that no secret is an argument. */
export const VARIABLES = {
  CREDITS_PRIVATE_KEY: "the wallet's private key, in place of --key-file",
  CREDITS_BEARER: "a key or a session's token, in place of --bearer-file",
  CREDITS_CUSTOMER_KEY: "a customer's API key, in place of --customer-key-file",
  CREDITS_COPIES: "a folder of copies of what is signed, as --copies",
  CREDITS_SERVER: "in place of --server",
  CREDITS_RPC_URL: "in place of --rpc; providers put keys into such addresses",
} as const;

export type Environment = Readonly<Record<string, string | undefined>>;

export const DEFAULTS = {
  server: `http://127.0.0.1:${DEFAULT_PORTS.server}`,
  rpc: `http://127.0.0.1:${DEFAULT_PORTS.rpc}`,
};

/** Everyone knows their keys: they work on the local chain only. */
export const TEST_WALLETS = ["alice", "bob", "provider", "operator"] as const;

/** The options that every verb has. */
export const COMMON = {
  server: optional(URL_OF, `the metering server, or CREDITS_SERVER (${DEFAULTS.server})`),
  rpc: optional(URL_OF, `the chain's endpoint, or CREDITS_RPC_URL (${DEFAULTS.rpc})`),
  keyFile: optional(FILE, "the wallet's private key, or CREDITS_PRIVATE_KEY; only you may read it"),
  from: optional(ADDRESS, "the wallet is this account, which the node at --rpc holds unlocked"),
  wallet: optional(choice(...TEST_WALLETS), "a test wallet; on the chain of npm start only"),
  bearerFile: optional(FILE, "a key of any kind, or a session's token, or CREDITS_BEARER"),
  copies: optional(FILE, "a folder that keeps copies of what the wallet signs, or CREDITS_COPIES"),
  json: flag("one JSON document, with amounts in micro-credits as text"),
  yes: flag("does not ask before it moves or ends something"),
};

export const CommonOptions = z.object(COMMON);

export type Common = z.output<typeof CommonOptions>;
