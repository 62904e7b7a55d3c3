import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Address } from "viem";

import { WideTable } from "../parts/Card.tsx";
import { Credits } from "../parts/Credits.tsx";
import { Hash } from "../parts/Hash.tsx";
import { useServer } from "../parts/ServerContext.tsx";
import { Failure, Loaded } from "../parts/States.tsx";
import { api } from "../queries/api.ts";
import { offersQuery } from "../queries/team.ts";
import { useReviewedSigner } from "../wallet/useReviewedSigner.tsx";

/** Accounts that want to pay for this wallet: they count once it accepts them. */
export function Offers({ account }: { readonly account: Address }) {
  const queries = useQueryClient();
  const { deployment } = useServer();
  const { signer, dialog } = useReviewedSigner();
  const accepting = useMutation({
    mutationFn: async (from: Address) => {
      const [{ accept }, { signAcceptance }] = await Promise.all([
        import("@compute-credits/client/allowances/accept"),
        import("@compute-credits/client/wallet/signedAcceptance"),
      ]);
      const wallet = await signer([
        `The account ${from} may pay for what your wallet spends.`,
        "You owe nothing for it, and can end it at any time.",
      ]);
      await accept(api, await signAcceptance(wallet, deployment, { account: from }));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["own", account, "changing"] }),
  });
  return (
    <>
      {dialog}
      {accepting.error !== null && <Failure error={accepting.error} />}
      <Loaded query={useQuery(offersQuery(account))}>
        {({ offers }) =>
          offers.length === 0 ? (
            <p>No account waits for your acceptance.</p>
          ) : (
            <WideTable label="Accounts that offer credits">
              <thead>
                <tr>
                  <th>Account</th>
                  <th className="number">Has</th>
                  <th>Accept</th>
                </tr>
              </thead>
              <tbody>
                {offers.map((offer) => (
                  <tr key={offer.account}>
                    <td>
                      <Hash hex={offer.account} />
                    </td>
                    <td className="number">
                      <Credits micros={offer.availableMicros} />
                    </td>
                    <td>
                      <button
                        type="button"
                        className="plain"
                        disabled={accepting.isPending}
                        aria-label={`Accept ${offer.account}`}
                        onClick={() => accepting.mutate(offer.account)}
                      >
                        Accept
                      </button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </WideTable>
          )
        }
      </Loaded>
    </>
  );
}
