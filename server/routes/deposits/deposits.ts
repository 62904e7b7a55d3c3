import { Router } from "express";
import type { Address } from "viem";

import { getDepositAddress, watchDepositAddress } from "@compute-credits/api/deposits/deposits";
import type { DepositChain } from "@compute-credits/platform/chain/depositChain";
import { depositAddressOf } from "@compute-credits/protocol/depositAddress";
import { mount } from "../../http/mount.ts";
import type { Permit } from "../../http/permit.ts";
import { type ProblemError, fail } from "../../http/problem.ts";
import type { DepositWatchStore } from "../../stores/deposits/depositWatchStore.ts";

/** What a server needs to tell and to sweep deposits. */
export interface Deposits {
  /** with the bounds of what requests may ask of the chain */
  readonly chain: Pick<DepositChain, "address" | "read">;
  readonly watches: Pick<DepositWatchStore, "watch" | "read">;
  /** `null`: no server of this ledger is known to sweep */
  readonly sweepsFromMicros: bigint | null;
}

export interface DepositDeps {
  /** `null` if the operator names no contract */
  readonly deposits: Deposits | null;
  readonly chainId: number;
  readonly token: Address;
  readonly permit: Permit;
}

/** Where an account's tokens are to be sent, and whether the server sweeps them. */
export function depositRoutes({ deposits, chainId, token, permit }: DepositDeps): Router {
  const router = Router();

  mount(router, getDepositAddress, async ({ req, read, answer }) => {
    const { address: account } = read().params;
    await permit.check(getDepositAddress, req, { account });
    if (deposits === null) throw notOffered();
    const { chain, watches, sweepsFromMicros } = deposits;
    const [watch, [state]] = await Promise.all([watches.read(account), chain.read([account])]);
    return answer(200, {
      account,
      depositAddress: depositAddressOf(chain.address, account),
      chainId,
      depositAddresses: chain.address,
      token,
      tokenAmount: state?.tokenAmount ?? 0n,
      creditMicros: state?.creditMicros ?? 0n,
      deployed: state?.deployed ?? false,
      sweepsFromMicros,
      watch,
    });
  });

  mount(router, watchDepositAddress, async ({ req, read, answer }) => {
    const { address: account } = read().params;
    await permit.check(watchDepositAddress, req, { account });
    if (deposits === null || deposits.sweepsFromMicros === null) throw notOffered();
    const watch = await deposits.watches.watch(account);
    if (watch !== null) return answer(200, watch);
    throw fail(
      429,
      "too_many_deposit_watches",
      "This server watches as many deposit addresses as its operator allows. " +
        "What arrives is not lost: anyone may sweep it.",
    );
  });

  return router;
}

function notOffered(): ProblemError {
  return fail(
    501,
    "deposits_not_offered",
    "This server does not offer deposit addresses: its operator sets DEPOSIT_ADDRESSES, and a key " +
      "that sweeps.",
  );
}
