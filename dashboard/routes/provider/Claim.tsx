import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Address } from "viem";

import { settle } from "@compute-credits/client/chain/settle";
import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { useChainAccess } from "../../chain/ChainAccess.tsx";
import { Credits } from "../../parts/Credits.tsx";
import { Hash } from "../../parts/Hash.tsx";
import { useServer } from "../../parts/ServerContext.tsx";
import { Failure } from "../../parts/States.tsx";
import { Tokens } from "../../parts/Tokens.tsx";
import { balanceQuery } from "../../queries/account.ts";
import { api } from "../../queries/api.ts";
import { useSigner } from "../../wallet/useSigner.ts";

/** Settles the provider's row of the last final checkpoint, which pays what is claimable. */
export function Claim({
  provider,
  claimable,
}: {
  readonly provider: Address;
  readonly claimable: bigint;
}) {
  const queries = useQueryClient();
  const signer = useSigner();
  const access = useChainAccess();
  const { deployment } = useServer();
  const claiming = useMutation({
    mutationFn: async () => {
      if (access === null) {
        throw new CreditsError("Your browser cannot reach the chain.", {
          reason: "wallet_failed",
          next: "Connect a wallet on this chain.",
        });
      }
      const wallet = await signer();
      const connection = { wallet, client: await access.client(), contract: deployment.contract };
      return await settle(connection, api, { party: provider });
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["row"] });
      await queries.invalidateQueries({ queryKey: balanceQuery(provider).queryKey });
    },
  });
  return (
    <>
      <p>
        <button
          type="button"
          disabled={claimable === 0n || claiming.isPending}
          onClick={() => claiming.mutate()}
        >
          {claiming.isPending ? "Waiting for your wallet and a block …" : "Claim all of it"}
        </button>{" "}
        {claimable === 0n ? (
          "Nothing is claimable now."
        ) : (
          <>
            You get <Tokens micros={claimable} />. Your wallet pays the transaction.
          </>
        )}
      </p>
      {claiming.error !== null && <Failure error={claiming.error} />}
      {claiming.data !== undefined && (
        <p role="status" data-claimed>
          In block {`${claiming.data.receipt.blockNumber}`}: the contract has now paid{" "}
          <Credits micros={claiming.data.settled.row.earned} /> credits in all. Transaction{" "}
          <Hash hex={claiming.data.receipt.transactionHash} />
        </p>
      )}
    </>
  );
}
