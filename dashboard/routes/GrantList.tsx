import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import type { Address, Hex } from "viem";

import type { Api } from "@compute-credits/client/http/api";
import { WideTable } from "../parts/Card.tsx";
import { Credits } from "../parts/Credits.tsx";
import { Hash } from "../parts/Hash.tsx";
import { Failure, Loaded } from "../parts/States.tsx";
import { type Grant, grantsQuery } from "../queries/team.ts";

/** What was handed out, how far each is spent, and its end. */
export function GrantList({
  account,
  issuer,
}: {
  readonly account: Address;
  readonly issuer: () => Promise<Api>;
}) {
  const query = useInfiniteQuery(grantsQuery(account));
  const queries = useQueryClient();
  const ending = useMutation({
    mutationFn: async (grant: Hex) => {
      const { revokeGrant } = await import("@compute-credits/client/allowances/revokeGrant");
      await revokeGrant(await issuer(), { grant });
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["own", account, "changing"] }),
  });
  return (
    <>
      {ending.error !== null && <Failure error={ending.error} />}
      <Loaded query={query}>
        {({ pages }) => {
          const grants = pages.flatMap((page) => page.grants);
          if (grants.length === 0) return <p>Nothing was handed out yet.</p>;
          return (
            <WideTable label="Grants, oldest first">
              <thead>
                <tr>
                  <th>Name</th>
                  <th>Spender</th>
                  <th>State</th>
                  <th className="number">Spent</th>
                  <th className="number">Left</th>
                  <th>Take it back</th>
                </tr>
              </thead>
              <tbody>
                {grants.map((grant) => (
                  <Row
                    key={grant.id}
                    grant={grant}
                    onEnd={ending.isPending ? null : () => ending.mutate(grant.id)}
                  />
                ))}
              </tbody>
            </WideTable>
          );
        }}
      </Loaded>
      {query.hasNextPage && (
        <button type="button" className="plain" onClick={() => void query.fetchNextPage()}>
          Later grants
        </button>
      )}
    </>
  );
}

function Row({ grant, onEnd }: { readonly grant: Grant; readonly onEnd: (() => void) | null }) {
  const { key, allowance, accepted, revokedAt, spentMicros, remainingMicros } = grant;
  return (
    <tr>
      <td>{key}</td>
      <td>
        <Hash hex={allowance.spender} />
      </td>
      <td>{stateOf(accepted, revokedAt)}</td>
      <td className="number">
        <Credits micros={spentMicros} />
      </td>
      <td className="number">
        <Credits micros={remainingMicros} />
      </td>
      <td>
        {revokedAt === null ? (
          <button
            type="button"
            className="plain"
            disabled={onEnd === null}
            aria-label={`Take back ${key}`}
            onClick={() => onEnd?.()}
          >
            Take back
          </button>
        ) : (
          "–"
        )}
      </td>
    </tr>
  );
}

function stateOf(accepted: boolean, revokedAt: Date | null): string {
  if (revokedAt !== null) return "taken back";
  return accepted ? "can be spent" : "waits for its spender";
}
