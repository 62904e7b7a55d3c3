import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Address } from "viem";

import { WideTable } from "../../parts/Card.tsx";
import { Credits } from "../../parts/Credits.tsx";
import { Hash } from "../../parts/Hash.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { Loaded } from "../../parts/States.tsx";
import { dutiesQuery } from "../../queries/operator.ts";

interface Duty {
  readonly key: string;
  readonly dueAt: Date;
  readonly account: Address;
  readonly what: ReactNode;
  readonly else: string;
}

/** Refunds and challenges in one list, by their deadlines, and what happens at each. */
export function Duties() {
  return (
    <Loaded query={useQuery(dutiesQuery)}>
      {({ refunds, challenges, refundCount, challengeCount }) => {
        const duties: readonly Duty[] = [
          ...refunds.map(({ account, requestedMicros, dueAt }) => ({
            key: `refund ${account}`,
            dueAt,
            account,
            what: (
              <>
                a refund of up to <Credits micros={requestedMicros} />
              </>
            ),
            else: "anyone may freeze the vault",
          })),
          ...challenges.map(({ account, challenger, dueAt }) => ({
            key: `challenge ${account} ${challenger}`,
            dueAt,
            account,
            what: (
              <>
                a challenge by <Hash hex={challenger} />
              </>
            ),
            else: "the checkpoint is dropped",
          })),
        ].toSorted((one, other) => one.dueAt.getTime() - other.dueAt.getTime());
        if (duties.length === 0) return <p>Nothing is due: no refund and no challenge is open.</p>;
        return (
          <>
            <p data-duties>
              {refundCount.toLocaleString()} {refundCount === 1 ? "refund" : "refunds"} and{" "}
              {challengeCount.toLocaleString()} {challengeCount === 1 ? "challenge" : "challenges"}{" "}
              are open. The server pays and answers them by itself.
            </p>
            <WideTable label="Refunds and challenges, by deadline">
              <thead>
                <tr>
                  <th>Due</th>
                  <th>What</th>
                  <th>Account</th>
                  <th>After that</th>
                </tr>
              </thead>
              <tbody>
                {duties.map((duty) => (
                  <tr key={duty.key}>
                    <td>
                      <Moment at={duty.dueAt} />
                    </td>
                    <td>{duty.what}</td>
                    <td>
                      <Link to="/parties/$party" params={{ party: duty.account }}>
                        <Hash hex={duty.account} />
                      </Link>
                    </td>
                    <td>{duty.else}</td>
                  </tr>
                ))}
              </tbody>
            </WideTable>
          </>
        );
      }}
    </Loaded>
  );
}
