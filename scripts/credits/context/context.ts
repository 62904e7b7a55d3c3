import type { Address, Hex, PublicClient } from "viem";

import { UsageError } from "@compute-credits/platform/process/commandLine";
import { getDeployment } from "@compute-credits/api/deployment/deployment";
import type { AnswerBody } from "@compute-credits/api/route";
import type { LensConnection } from "@compute-credits/client/chain/readLens";
import type { WalletConnection } from "@compute-credits/client/chain/transact";
import { walletAccount } from "@compute-credits/client/chain/walletAccount";
import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { type Api, type Credentials, createApi } from "@compute-credits/client/http/api";
import {
  type MeteringClient,
  createMeteringClient,
} from "@compute-credits/client/http/meteringClient";
import { createReadAccess } from "@compute-credits/client/wallet/logAccess";
import type { SignedCopies } from "@compute-credits/client/wallet/copies";
import type { Signing } from "@compute-credits/client/wallet/signing";
import { openSession } from "@compute-credits/client/sessions/openSession";
import { readMe } from "@compute-credits/client/sessions/readMe";
import { revokeSession } from "@compute-credits/client/sessions/revokeSession";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";
import { connectChain } from "./connectChain.ts";
import type { Keys } from "./keySources.ts";
import { openWallet } from "./openWallet.ts";
import type { Progress } from "./progress.ts";
import { announcedWallet } from "./announcedWallet.ts";

export type ServerDeployment = AnswerBody<typeof getDeployment>;

/** How the command talks to the person who gave it. */
export interface Conversation {
  readonly progress: Progress;
  /** Hides a secret in all that is printed from now on, and returns it. */
  readonly guard: (secret: string) => string;
  /** Lets URLs that anyone may read be printed whole: others lose their paths. */
  readonly showUrls: (urls: readonly string[]) => void;
  /** Shows lines on the error stream. */
  readonly tell: (lines: readonly string[]) => void;
  /** Says which server is asked, before what comes of it one by one. */
  readonly sayServer: () => void;
  /** Prints what came, at once: a line for people, and with `--json` a document on one line. */
  readonly emit: (document: object, line: string) => void;
  /** Aborts once the person ends the command with Ctrl-C. */
  readonly interrupted: () => AbortSignal;
  /** Rejects if the person declines. Resolves at once where nothing is asked. */
  readonly confirm: () => Promise<void>;
}

/** Where a command looks, and what it speaks with. */
export interface Setting {
  readonly server: string;
  readonly rpc: string;
  readonly keys: Keys;
  /** where copies of what the wallet signs are kept; `null`: they end with the command */
  readonly copies: SignedCopies | null;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** What every verb works with. Everything is learned when it is first needed, and once. */
export interface Context extends Setting, Conversation {
  /** without credentials: for what anyone may read, and for bodies that a wallet signed */
  readonly publicApi: Api;
  /** with the bearer, or else with what the wallet signs for reading, or else without credentials */
  readonly api: Api;
  readonly metering: MeteringClient;
  /** a wallet that the local chain gives away, so that buying may make test dollars */
  readonly isTestWallet: boolean;
  readonly authorization: () => Promise<string | null>;
  /** what `api` asks with, for what is no call of it */
  readonly credentials: Credentials;
  /**
   * Says what a request of the bearer does, and asks. Resolves at once without a bearer: the wallet
   * shows what it signs, and asks.
   */
  readonly confirmRequest: (words: string) => Promise<void>;
  /** whether the bearer is an API key */
  readonly isSpenderKey: () => Promise<boolean>;
  readonly deployment: () => Promise<ServerDeployment>;
  /** the chain and the vault that the server names, checked at the endpoint */
  readonly chain: () => Promise<{ readonly client: PublicClient; readonly contract: Address }>;
  readonly lens: () => Promise<LensConnection>;
  /** the wallet, and the contract of the deposit addresses that the server names */
  readonly deposits: () => Promise<WalletConnection & { readonly depositAddresses: Address }>;
  /** the wallet on the checked chain; shows what it signs and sends */
  readonly wallet: () => Promise<WalletConnection>;
  /** what the wallet's signatures are bound to */
  readonly signing: () => Promise<Signing>;
  /** the address given, or the wallet's, or that of the bearer's account or provider */
  readonly party: (given: Address | undefined) => Promise<Address>;
  /** the spender given, or that of the bearer, or the wallet */
  readonly spender: (given: Hex | undefined) => Promise<Hex>;
  /** an API with a session: the bearer's, or one that the wallet signs in for and that ends after */
  readonly withSession: <T>(work: (api: Api) => Promise<T>) => Promise<T>;
}

/** Seconds: longer than any command of a session takes. */
const SESSION_SECONDS = 300;

export function createContext(setting: Setting, conversation: Conversation): Context {
  const { server, rpc, keys, copies } = setting;
  const { bearer, source } = keys;
  const { progress, tell, confirm } = conversation;

  const publicApi = createApi(server);
  const deployment = once(() => publicApi.call(getDeployment, {}));

  const named = once(async (): Promise<Deployment> => {
    const { domain } = await deployment();
    return { chainId: domain.chainId, contract: domain.verifyingContract };
  });

  const chain = once(async () => {
    const { chainId, contract } = await named();
    const client = await connectChain({ server, rpc, chainId, contract });
    return { client, contract };
  });

  /** Signs what only reads; anything else waits until the chain has shown the vault. */
  const ownWallet = once(async () => {
    if (source === null) {
      throw new UsageError(
        "A wallet is missing. Give --key-file FILE, set CREDITS_PRIVATE_KEY, or give --from " +
          "ADDRESS with the --rpc URL of a node that holds it unlocked.",
      );
    }
    const { chainId } = await named();
    return announcedWallet(await openWallet(source, { chainId, rpc, server }), {
      async signs(lines, { needsChain, asks }) {
        if (needsChain) await chain();
        tell(lines);
        if (asks) await confirm();
      },
      async sends(lines) {
        tell(lines);
        await confirm();
      },
    });
  });

  const readAccess = once(async () => createReadAccess(await ownWallet(), await named()));

  async function authorization(): Promise<string | null> {
    if (bearer !== null) return `Bearer ${bearer}`;
    return source === null ? null : await (await readAccess())();
  }

  const credentials: Credentials =
    bearer !== null
      ? { key: bearer }
      : source === null
        ? {}
        : { authorization: async () => await (await readAccess())() };
  const metering = createMeteringClient(server, credentials);
  const { api } = metering;
  const me = once(() => readMe(api));

  async function walletAddress(): Promise<Address> {
    return lowercaseHex(walletAccount(await ownWallet()).address);
  }

  async function withSession<T>(work: (api: Api) => Promise<T>): Promise<T> {
    if (bearer !== null) return await work(api);
    const { token } = await openSession(publicApi, await ownWallet(), {
      label: "npm run credits, one command",
      expiresAt: new Date(Date.now() + SESSION_SECONDS * 1_000),
    });
    if (token === undefined) throw new Error("a session came without its token");
    const own = publicApi.as({ key: conversation.guard(token) });
    try {
      return await work(own);
    } finally {
      // It ends by itself, too; and the command may have ended it.
      await revokeSession(own, { id: "current" }).catch(() => undefined);
    }
  }

  return {
    ...setting,
    ...conversation,
    progress,
    api,
    metering,
    publicApi,
    isTestWallet: source?.kind === "test",
    async confirmRequest(words) {
      if (bearer === null) return;
      tell([words]);
      await confirm();
    },
    isSpenderKey: async () => bearer !== null && (await me()).kind === "spenderKey",
    authorization,
    credentials,
    deployment,
    chain,
    async lens() {
      const [{ lens }, { client, contract }] = await Promise.all([deployment(), chain()]);
      if (lens === null) {
        throw new CreditsError(`The server at ${server} names no lens contract.`, {
          reason: "no_lens",
          next: "Ask the operator to set LENS_ADDRESS.",
        });
      }
      return { client, contract, lens };
    },
    async deposits() {
      const [{ depositAddresses }, wallet, { client, contract }] = await Promise.all([
        deployment(),
        ownWallet(),
        chain(),
      ]);
      if (depositAddresses === null) {
        throw new CreditsError(`The server at ${server} names no contract of deposit addresses.`, {
          reason: "no_deposit_addresses",
          next: "Ask the operator to set DEPOSIT_ADDRESSES.",
        });
      }
      return { client, contract, wallet, depositAddresses };
    },
    async wallet() {
      const [wallet, { client, contract }] = await Promise.all([ownWallet(), chain()]);
      return { wallet, client, contract };
    },
    async signing() {
      const [wallet, deployed] = await Promise.all([ownWallet(), named()]);
      return { wallet, deployment: deployed, ...(copies === null ? {} : { copies }) };
    },
    async party(given) {
      if (given !== undefined) return given;
      if (bearer === null) return await walletAddress();
      const who = await me();
      switch (who.kind) {
        case "session":
        case "wallet":
          return who.address;
        case "providerKey":
          return who.provider;
        case "viewKey":
        case "issuingKey":
          return who.account;
        default:
          throw new UsageError("The bearer is of no account: name one with --account.");
      }
    },
    async spender(given) {
      if (given !== undefined) return given;
      if (bearer === null) return walletSpender(await walletAddress());
      const who = await me();
      if (who.kind === "spenderKey") return apiKeySpender(bearer);
      if (who.kind === "session" || who.kind === "wallet") return walletSpender(who.address);
      throw new UsageError("The bearer is of no spender: name one with --spender.");
    },
    withSession,
  };
}

/** Makes something when it is first needed, and then keeps it, a failure too. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}
