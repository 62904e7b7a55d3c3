import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import type { Address, Hex } from "viem";

import { revoke } from "@compute-credits/client/allowances/revoke";
import { Card, WideTable } from "../parts/Card.tsx";
import { Credits } from "../parts/Credits.tsx";
import { Hash } from "../parts/Hash.tsx";
import { Moment } from "../parts/Moment.tsx";
import { useServer } from "../parts/ServerContext.tsx";
import { Failure, Loaded } from "../parts/States.tsx";
import { api } from "../queries/api.ts";
import { type Budget, budgetsQuery } from "../queries/budgets.ts";
import { Owned } from "../wallet/Owned.tsx";
import { useReviewedSigner } from "../wallet/useReviewedSigner.tsx";
import styles from "./Keys.module.css";
import { NewKey } from "./NewKey.tsx";

/** `/keys`: who may spend how much of the account's credits. */
export function Keys() {
  return (
    <Owned title="Keys and budgets">
      {(account) => (
        <>
          <Card title="New key">
            <NewKey account={account} />
          </Card>
          <Card title="Keys">
            <List account={account} />
          </Card>
        </>
      )}
    </Owned>
  );
}

const STATUS: Readonly<Record<Budget["status"], string>> = {
  in_force: "in force",
  not_started: "not yet",
  expired: "expired",
  revoked: "revoked",
  not_accepted: "waits for its spender",
};

function List({ account }: { readonly account: Address }) {
  const query = useInfiniteQuery(budgetsQuery(account));
  const queries = useQueryClient();
  const { deployment } = useServer();
  const { signer, dialog } = useReviewedSigner();
  const ending = useMutation({
    mutationFn: async (allowance: Hex) => {
      const wallet = await signer([
        `End the allowance ${allowance}: it pays for nothing new from then on.`,
        "Work that was held before can still be charged.",
      ]);
      await revoke(api, { wallet, deployment }, { allowance });
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["own", account, "changing"] }),
  });
  return (
    <>
      {dialog}
      {ending.error !== null && <Failure error={ending.error} />}
      <Loaded query={query}>
        {({ pages }) => {
          const budgets = pages.flatMap((page) => page.budgets);
          if (budgets.length === 0) return <p>No key may spend yet. Create one above.</p>;
          return (
            <WideTable label="Allowances, and how far each is used">
              <thead>
                <tr>
                  <th>Key</th>
                  <th>State</th>
                  <th className="number">Used</th>
                  <th className="number">Limit</th>
                  <th>How much</th>
                  <th>Renews or ends</th>
                  <th>End it</th>
                </tr>
              </thead>
              <tbody>
                {budgets.map((budget) => (
                  <Row
                    key={budget.allowance}
                    budget={budget}
                    onEnd={ending.isPending ? null : () => ending.mutate(budget.allowance)}
                  />
                ))}
              </tbody>
            </WideTable>
          );
        }}
      </Loaded>
      {query.hasNextPage && (
        <button type="button" className="plain" onClick={() => void query.fetchNextPage()}>
          More keys
        </button>
      )}
    </>
  );
}

function Row({ budget, onEnd }: { readonly budget: Budget; readonly onEnd: (() => void) | null }) {
  const { allowance, spender, status, usedMicros, budgetMicros, usedBps, periodEndsAt } = budget;
  const isOver = status === "revoked" || status === "expired";
  return (
    <tr>
      <td>
        <Hash hex={spender} />
      </td>
      <td>{STATUS[status]}</td>
      <td className="number">
        <Credits micros={usedMicros} />
      </td>
      <td className="number">
        <Credits micros={budgetMicros} />
      </td>
      <td>
        <meter
          className={styles["meter"]}
          min={0}
          max={10_000}
          value={Number(usedBps)}
          aria-label={`${Number(usedBps) / 100} percent used`}
        />
      </td>
      <td>
        {periodEndsAt === null ? "never" : <Moment at={new Date(Number(periodEndsAt) * 1_000)} />}
      </td>
      <td>
        {isOver ? (
          "–"
        ) : (
          <button
            type="button"
            className="plain"
            disabled={onEnd === null}
            aria-label={`Revoke ${allowance.slice(0, 10)}`}
            onClick={() => onEnd?.()}
          >
            Revoke
          </button>
        )}
      </td>
    </tr>
  );
}
