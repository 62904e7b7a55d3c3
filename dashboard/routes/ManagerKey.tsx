import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Address, Hex } from "viem";

import { useServer } from "../parts/ServerContext.tsx";
import { Secret } from "../parts/Secret.tsx";
import { Failure } from "../parts/States.tsx";
import { balanceQuery } from "../queries/account.ts";
import { api } from "../queries/api.ts";
import { useReviewedSigner } from "../wallet/useReviewedSigner.tsx";

/** Makes a key that hands out a campaign's credits, and nothing else. */
export function ManagerKey({
  account,
  campaign,
}: {
  readonly account: Address;
  readonly campaign: Hex;
}) {
  const queries = useQueryClient();
  const { deployment } = useServer();
  const { signer, dialog } = useReviewedSigner();
  const making = useMutation({
    mutationFn: async () => {
      const { counter } = await queries.fetchQuery({ ...balanceQuery(account), staleTime: 0 });
      const { addIssuingKey } = await import("@compute-credits/client/campaigns/addIssuingKey");
      const wallet = await signer([
        `Whoever has the new key may hand out credits of the campaign ${campaign}.`,
        "It spends nothing, and hands out no more than you signed for the campaign.",
        "It works until you end it, under Access.",
      ]);
      const { key } = await addIssuingKey(api, { wallet, deployment }, { counter, campaign });
      return key;
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["own", account, "keys"] }),
  });
  return (
    <>
      {dialog}
      <p>
        A manager hands out budgets of this campaign without your wallet, and can take them back.
      </p>
      <button type="button" disabled={making.isPending} onClick={() => making.mutate()}>
        {making.isPending ? "Going on …" : "Create a manager's key"}
      </button>
      {making.error !== null && <Failure error={making.error} />}
      {making.data !== undefined && <Secret text={making.data} what="manager's key" />}
    </>
  );
}
