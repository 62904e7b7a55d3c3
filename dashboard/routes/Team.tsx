import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Address, Hex } from "viem";

import { Card } from "../parts/Card.tsx";
import { creditsText } from "../parts/creditsText.ts";
import form from "../parts/Form.module.css";
import { Loaded } from "../parts/States.tsx";
import { type Budget, budgetsQuery } from "../queries/budgets.ts";
import { Owned } from "../wallet/Owned.tsx";
import { useIssuer } from "../wallet/useIssuer.tsx";
import { GrantList } from "./GrantList.tsx";
import { ManagerKey } from "./ManagerKey.tsx";
import { NewCodes } from "./NewCodes.tsx";
import { NewGrant } from "./NewGrant.tsx";
import { Offers } from "./Offers.tsx";
import { RedeemCode } from "./RedeemCode.tsx";

/** `/team`: budgets for members, codes for strangers, keys for managers. */
export function Team() {
  return (
    <Owned title="Team, grants and codes">{(account) => <OfAccount account={account} />}</Owned>
  );
}

function OfAccount({ account }: { readonly account: Address }) {
  const budgets = useInfiniteQuery(budgetsQuery(account));
  return (
    <>
      <p>
        A campaign is an allowance that others get their budgets from. All of them together never
        spend more than its limit, which you signed.
      </p>
      <Loaded query={budgets}>
        {({ pages }) => (
          <FromCampaign
            account={account}
            campaigns={pages
              .flatMap((page) => page.budgets)
              .filter(({ status, campaign }) => campaign === null && isUsable(status))}
          />
        )}
      </Loaded>
      <Card title="Offered to your wallet">
        <Offers account={account} />
      </Card>
      <Card title="A code that you were given">
        <RedeemCode />
      </Card>
    </>
  );
}

function FromCampaign({
  account,
  campaigns,
}: {
  readonly account: Address;
  readonly campaigns: readonly Budget[];
}) {
  const [chosen, setChosen] = useState<Hex | null>(null);
  const { issuer, dialog } = useIssuer();
  const campaign = campaigns.find(({ allowance }) => allowance === chosen) ?? campaigns[0];
  if (campaign === undefined) {
    return (
      <Card title="Campaign">
        <p>
          You have no allowance yet to hand out from. <Link to="/keys">Create a key</Link> with the
          limit that all members together may spend: its allowance is the campaign.
        </p>
      </Card>
    );
  }
  const id = campaign.allowance;
  return (
    <>
      {dialog}
      <Card title="Campaign">
        <div className={form["form"]}>
          <label>
            Hand out from
            <select
              value={id}
              onChange={(event) =>
                setChosen(campaigns[event.currentTarget.selectedIndex]?.allowance ?? null)
              }
            >
              {campaigns.map(({ allowance, remainingMicros, budgetMicros }) => (
                <option key={allowance} value={allowance}>
                  {`${allowance.slice(0, 10)}… · ${creditsText(remainingMicros)} left of ${creditsText(budgetMicros)}`}
                </option>
              ))}
            </select>
          </label>
        </div>
      </Card>
      <Card title="A member's budget">
        <NewGrant key={id} account={account} campaign={id} issuer={issuer} />
      </Card>
      <Card title="Promotion codes">
        <NewCodes key={id} account={account} campaign={id} issuer={issuer} />
      </Card>
      <Card title="A manager's key">
        <ManagerKey key={id} account={account} campaign={id} />
      </Card>
      <Card title="Handed out">
        <GrantList account={account} issuer={issuer} />
      </Card>
    </>
  );
}

function isUsable(status: Budget["status"]): boolean {
  return status === "in_force" || status === "not_accepted" || status === "not_started";
}
