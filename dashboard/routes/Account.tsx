import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Address } from "viem";

import { Card } from "../parts/Card.tsx";
import { Credits } from "../parts/Credits.tsx";
import { Facts } from "../parts/Facts.tsx";
import { Loaded } from "../parts/States.tsx";
import { Tokens } from "../parts/Tokens.tsx";
import { balanceQuery, runwayQuery } from "../queries/account.ts";
import { Owned } from "../wallet/Owned.tsx";
import styles from "./Account.module.css";
import { ChainAgrees } from "./ChainAgrees.tsx";
import { RunsOut } from "./RunsOut.tsx";

/** `/account`: what is left, until when, and whether the chain agrees. */
export function Account() {
  return (
    <Owned title="Account">
      {(account) => (
        <>
          <Available account={account} />
          <Card title="When it runs out">
            <WhenItRunsOut account={account} />
          </Card>
          <Card title="Does the chain agree?">
            <ChainAgrees account={account} />
          </Card>
        </>
      )}
    </Owned>
  );
}

function Available({ account }: { readonly account: Address }) {
  return (
    <Card title="Available now">
      <Loaded query={useQuery(balanceQuery(account))}>
        {(balance) => (
          <>
            <p className={styles["available"]} data-available>
              <Credits micros={balance.availableMicros} />
            </p>
            <p className={styles["quiet"]}>
              credits, bought for <Tokens micros={balance.availableMicros} />
            </p>
            <p>
              <Link to="/buy">Buy more</Link> · <Link to="/refund">Ask for a refund</Link> ·{" "}
              <Link to="/statements">Statement</Link>
            </p>
            <Facts
              of={{
                "Set aside by holds": <Credits micros={balance.heldMicros} />,
                "Being refunded": <Credits micros={balance.refundingMicros} />,
                Spent: <Credits micros={balance.spentMicros} />,
                Refunded: <Credits micros={balance.refundedMicros} />,
                Bought: <Credits micros={balance.purchasedMicros} />,
                "Earned as a provider": <Credits micros={balance.earnedMicros} />,
              }}
            />
          </>
        )}
      </Loaded>
    </Card>
  );
}

function WhenItRunsOut({ account }: { readonly account: Address }) {
  return (
    <Loaded query={useQuery(runwayQuery(account))}>
      {(runway) => <RunsOut runway={runway} />}
    </Loaded>
  );
}
