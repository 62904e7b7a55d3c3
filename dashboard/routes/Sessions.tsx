import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Address, Hex } from "viem";

import { revokeSession } from "@compute-credits/client/sessions/revokeSession";
import { WideTable } from "../parts/Card.tsx";
import { Moment } from "../parts/Moment.tsx";
import { Failure, Loaded } from "../parts/States.tsx";
import { sessionsQuery } from "../queries/access.ts";
import { api } from "../queries/api.ts";

/** Where the wallet is signed in. This page's own session ends by "Sign out". */
export function Sessions({ account }: { readonly account: Address }) {
  const queries = useQueryClient();
  const ending = useMutation({
    mutationFn: async (id: Hex) => await revokeSession(api, { id }),
    onSettled: () => queries.invalidateQueries({ queryKey: sessionsQuery(account).queryKey }),
  });
  return (
    <>
      {ending.error !== null && <Failure error={ending.error} />}
      <Loaded query={useQuery(sessionsQuery(account))}>
        {(sessions) => (
          <WideTable label="Sessions of the wallet, the last used first">
            <thead>
              <tr>
                <th>Program</th>
                <th>Since</th>
                <th>Last used</th>
                <th>Ends</th>
                <th>End it</th>
              </tr>
            </thead>
            <tbody>
              {sessions.map(({ id, label, createdAt, usedAt, expiresAt, isCurrent }) => (
                <tr key={id}>
                  <td>{label === "" ? "–" : label}</td>
                  <td>
                    <Moment at={createdAt} />
                  </td>
                  <td>
                    <Moment at={usedAt} />
                  </td>
                  <td>
                    <Moment at={expiresAt} />
                  </td>
                  <td>
                    {isCurrent ? (
                      "this page"
                    ) : (
                      <button
                        type="button"
                        className="plain"
                        disabled={ending.isPending}
                        aria-label={`End the session of ${label}`}
                        onClick={() => ending.mutate(id)}
                      >
                        End
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </WideTable>
        )}
      </Loaded>
    </>
  );
}
