import {
  type Address,
  type Chain,
  type PublicClient,
  createPublicClient,
  defineChain,
  domainSeparator,
  http,
} from "viem";

import { toCreditsError } from "@compute-credits/client/errors/chainError";
import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { signingDomain } from "@compute-credits/protocol/messages/domain";
import { HARDHAT_CHAIN } from "../../local/hardhatChain.ts";

/** Milliseconds between two looks at the chain: the local one makes blocks at once. */
const POLLING = { local: 100, other: 1_000 };

export interface ServerChain {
  readonly server: string;
  readonly rpc: string;
  readonly chainId: number;
  readonly contract: Address;
}

/** The chain by its id. `viem/chains` takes a quarter of a second to load. */
export function chainOf(id: number): Chain {
  if (id === HARDHAT_CHAIN.id) return HARDHAT_CHAIN;
  return defineChain({
    id,
    name: `chain ${id}`,
    nativeCurrency: { decimals: 18, name: "Ether", symbol: "ETH" },
    rpcUrls: { default: { http: [] } },
  });
}

/**
 * A client of the endpoint, once it has shown the chain and the vault that the server names. The
 * vault's signing domain is compared too: what the wallet signs must count there. Rejects with a
 * `CreditsError`.
 */
export async function connectChain(named: ServerChain): Promise<PublicClient> {
  const { chainId, contract, server, rpc } = named;
  const client = createPublicClient({
    chain: chainOf(chainId),
    transport: http(rpc),
    pollingInterval: chainId === HARDHAT_CHAIN.id ? POLLING.local : POLLING.other,
    cacheTime: 0,
  });
  const [id, separator] = await Promise.all([
    client.getChainId(),
    client
      .readContract({
        address: contract,
        abi: computeCreditsAbi,
        functionName: "DOMAIN_SEPARATOR",
      })
      .catch((error: unknown) => {
        const known = toCreditsError(error);
        if (isUnreachable(known)) throw known;
        // A refusal, or no data: whatever is there is no vault.
        return null;
      }),
  ]).catch((error: unknown) => {
    throw toCreditsError(error);
  });
  if (id !== chainId) {
    throw new CreditsError(
      `The chain at ${rpc} is ${id}, and the server at ${server} works on ${chainId}.`,
      { reason: "wrong_chain", next: `Name an endpoint of chain ${chainId} with --rpc.` },
    );
  }
  if (separator !== domainSeparator({ domain: signingDomain({ chainId, contract }) })) {
    throw new CreditsError(
      `The chain at ${rpc} does not have the vault ${contract}, which the server at ${server} names.`,
      { reason: "wrong_vault", next: "Let --server and --rpc name one and the same system." },
    );
  }
  return client;
}

function isUnreachable(error: unknown): boolean {
  return error instanceof CreditsError && error.reason === "chain_unreachable";
}
