import type { Address } from "viem";

import { courtAbi } from "@compute-credits/protocol/abi/court";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import {
  isAccepted,
  readAllowanceSigning,
} from "@compute-credits/protocol/messages/signatureCheck";
import { readCapProof } from "../accounts/readCapProof.ts";
import type { ContractConnection } from "../chain/readCheckpoints.ts";
import { readCounter } from "../chain/readCounter.ts";
import { explained } from "../chain/transact.ts";
import { CreditsError } from "../errors/creditsError.ts";
import type { Api } from "../http/api.ts";
import type { SignedCopies } from "../wallet/copies.ts";
import type { SignedAllowance } from "../wallet/signedAllowance.ts";

/** The highest cap of one counter: recorded in the court, or signed. */
export interface SignedCap {
  readonly counter: bigint;
  /** micro-credits */
  readonly capMicros: bigint;
  /** `null` if the court has recorded as much */
  readonly signed: SignedAllowance | null;
}

/**
 * Finds the caps of an account's present counter and the one before it, which still counts for a
 * while: recorded in the court, kept as copies, and the server's cap proofs if it shows them.
 * Signatures that the court would not take do not count.
 */
export async function signedCaps(
  on: ContractConnection & { readonly court: Address },
  api: Api,
  { account, copies }: { readonly account: Address; readonly copies: SignedCopies },
): Promise<readonly SignedCap[]> {
  const [chainId, current, kept] = await Promise.all([
    explained(() => on.client.getChainId()),
    readCounter(on, account),
    copies.list(account),
  ]);
  const deployment = { chainId, contract: lowercaseHex(on.contract) };
  const ofVault = kept.flatMap((copy): readonly SignedAllowance[] =>
    copy.kind === "allowance" &&
    copy.deployment.chainId === chainId &&
    lowercaseHex(copy.deployment.contract) === deployment.contract
      ? [copy]
      : [],
  );
  const counters = current > 0n ? [current, current - 1n] : [current];
  return await Promise.all(
    counters.map(async (counter): Promise<SignedCap> => {
      const { client, court } = on;
      const recorded = await explained(() =>
        client.readContract({
          address: court,
          abi: courtAbi,
          functionName: "recordedCap",
          args: [account, counter],
        }),
      );
      const shown = await readCapProof(api, { account, counter }).catch(withheld);
      const candidates = [...ofVault, ...(shown === null ? [] : [shown])]
        .filter(({ allowance }) => allowance.counter === counter)
        .filter(({ allowance }) => lowercaseHex(allowance.account) === lowercaseHex(account))
        .filter(({ allowance }) => allowance.accountCap > recorded)
        .toSorted((a, b) => (a.allowance.accountCap > b.allowance.accountCap ? -1 : 1));
      for (const { allowance, scope, signature } of candidates) {
        // oxlint-disable-next-line no-await-in-loop -- the highest that counts
        const signing = await explained(() =>
          readAllowanceSigning(client, { deployment, court }, { message: allowance, signature }),
        );
        if (!isAccepted(signing)) continue;
        const signed = { allowance, scope, signature };
        return { counter, capMicros: allowance.accountCap, signed };
      }
      return { counter, capMicros: recorded, signed: null };
    }),
  );
}

/** A server may show none to this caller: the copies and the court count then. */
function withheld(error: unknown): null {
  if (error instanceof CreditsError) return null;
  throw error;
}
