import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Address } from "viem";

import { senderOf } from "@compute-credits/client/chain/transact";
import { testDollarAbi } from "@compute-credits/protocol/abi/testDollar";
import { useChainAccess } from "../chain/ChainAccess.tsx";
import { useServer } from "../parts/ServerContext.tsx";
import { Failure } from "../parts/States.tsx";
import { useSigner } from "../wallet/useSigner.ts";

/** Makes what is missing of the local chain's token, which anyone may: only where wallets are tests. */
export function TestDollars({
  payer,
  missing,
}: {
  readonly payer: Address;
  readonly missing: bigint;
}) {
  const queries = useQueryClient();
  const { terms } = useServer();
  const access = useChainAccess();
  const signer = useSigner();
  const making = useMutation({
    mutationFn: async () => {
      const wallet = await signer();
      const hash = await wallet.writeContract({
        ...senderOf(wallet),
        address: terms.token,
        abi: testDollarAbi,
        functionName: "mint",
        args: [payer, missing],
      });
      await (await access?.client())?.waitForTransactionReceipt({ hash });
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["own", payer] }),
  });
  return (
    <p>
      <button
        type="button"
        className="plain"
        disabled={making.isPending}
        onClick={() => making.mutate()}
      >
        Make the missing test dollars
      </button>
      {making.error !== null && <Failure error={making.error} />}
    </p>
  );
}
