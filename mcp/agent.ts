import { type Hex, createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";

import { getDeployment } from "@compute-credits/api/deployment/deployment";
import {
  type Api,
  CreditsError,
  type Deployment,
  type Signing,
  apiKeySpender,
  createApi,
  createReadAccess,
  readMe,
} from "@compute-credits/client";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import type { McpConfig, Owner } from "./config.ts";

/** Whom the tools act for: each kind of key that the user gave, and nothing more. */
export interface Agent {
  readonly serverUrl: string;
  readonly keyFolder: string;
  readonly maxKeyMicros: bigint | null;
  /** the server, asked without credentials */
  readonly anyone: Api;
  /** the agent's own API key */
  readonly spender: { readonly api: Api; readonly id: Hex } | null;
  /** what reads the account that pays: a view key, or the owner's wallet */
  readonly reader: Reader | null;
  /** an issuing key of the account that pays */
  readonly issuer: Api | null;
  readonly owner: OwnerWallet | null;
  /** the chain and the contract, as the server names them */
  readonly deployment: () => Promise<Deployment>;
}

/** What reads one account. */
export interface Reader {
  readonly credential: "view_key" | "owner_wallet";
  readonly api: Api;
  account(): Promise<Hex>;
}

/** The wallet of an account's owner, which signs allowances of at most `maxKeyMicros` each. */
export interface OwnerWallet extends Signing {
  /** reads the owner's account */
  readonly api: Api;
  readonly account: Hex;
  readonly maxKeyMicros: bigint;
}

/** Creates an agent of the keys in the settings. Asks the server for nothing yet. */
export function createAgent(config: McpConfig): Agent {
  const { serverUrl, apiKey, viewKey, issuingKey, keyFolder, maxKeyMicros } = config;
  const anyone = createApi(serverUrl);
  const owner = config.owner === null ? null : openOwner(config.owner, anyone);
  return {
    serverUrl: new URL(serverUrl).origin,
    keyFolder,
    maxKeyMicros,
    anyone,
    spender:
      apiKey === null ? null : { api: anyone.as({ key: apiKey }), id: apiKeySpender(apiKey) },
    reader: readerOf(anyone, { viewKey, owner }),
    issuer: issuingKey === null ? null : anyone.as({ key: issuingKey }),
    owner,
    async deployment() {
      const { domain } = await anyone.call(getDeployment, {});
      return { chainId: domain.chainId, contract: domain.verifyingContract };
    },
  };
}

function openOwner({ privateKey, deployment, maxKeyMicros }: Owner, anyone: Api): OwnerWallet {
  const account = privateKeyToAccount(privateKey);
  // It only signs: nothing is sent to a chain.
  const wallet = createWalletClient({ account, transport: http("http://127.0.0.1:1") });
  const api = anyone.as({ authorization: createReadAccess(wallet, deployment) });
  return { wallet, deployment, maxKeyMicros, api, account: lowercaseHex(account.address) };
}

function readerOf(
  anyone: Api,
  { viewKey, owner }: { readonly viewKey: string | null; readonly owner: Agent["owner"] },
): Agent["reader"] {
  if (viewKey !== null) {
    const api = anyone.as({ key: viewKey });
    return {
      credential: "view_key",
      api,
      async account() {
        const me = await readMe(api);
        if (me.kind === "viewKey") return me.account;
        throw new CreditsError("VIEW_KEY is no view key of this server", { reason: "unknown_key" });
      },
    };
  }
  if (owner === null) return null;
  const { api, account } = owner;
  return { credential: "owner_wallet", api, account: () => Promise.resolve(account) };
}

/** The agent's own key. Throws a `CreditsError` (`missing_credentials`) that says how to set one. */
export function spenderOf({ spender }: Agent): NonNullable<Agent["spender"]> {
  if (spender !== null) return spender;
  throw new CreditsError("This tool needs the agent's API key, and none is set.", {
    reason: "missing_credentials",
    next: "Start the MCP server with API_KEY_FILE, or make a key with create_key.",
  });
}
