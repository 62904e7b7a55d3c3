import { useQuery } from "@tanstack/react-query";
import { Link, getRouteApi } from "@tanstack/react-router";
import { type SyntheticEvent, useState } from "react";
import type { Address } from "viem";

import type { PurchasePlan } from "@compute-credits/client/chain/planPurchase";
import { useChainAccess } from "../chain/ChainAccess.tsx";
import { Card } from "../parts/Card.tsx";
import { Credits } from "../parts/Credits.tsx";
import { creditsText } from "../parts/creditsText.ts";
import { Facts } from "../parts/Facts.tsx";
import { fieldText } from "../parts/fieldText.ts";
import form from "../parts/Form.module.css";
import { useServer } from "../parts/ServerContext.tsx";
import { Loaded } from "../parts/States.tsx";
import { TokenAmount, tokenText } from "../parts/TokenAmount.tsx";
import { type Token, planQuery, tokenQuery } from "../queries/token.ts";
import { ONE_TRANSACTION, TransactionSteps } from "../transactions/TransactionSteps.tsx";
import { useTransaction } from "../transactions/useTransaction.tsx";
import { Owned } from "../wallet/Owned.tsx";
import { useWallets } from "../wallet/walletStore.ts";
import { amountOf, buySearch } from "./buySearch.ts";
import { stepsOf, WHY, wordsOf } from "./paymentTexts.ts";
import { TestDollars } from "./TestDollars.tsx";

const route = getRouteApi("/buy");

/** `/buy`: an amount, how it is best paid, and the purchase from the wallet to the ledger. */
export function Buy() {
  return <Owned title="Buy credits">{(account) => <OfAccount account={account} />}</Owned>;
}

function OfAccount({ account }: { readonly account: Address }) {
  const search = route.useSearch();
  const creditMicros = amountOf(search);
  const access = useChainAccess();
  const server = useServer();
  const plan = useQuery(planQuery(server, access, account, creditMicros));
  const token = useQuery(tokenQuery(server, access));
  const purchase = useTransaction("buy", account);
  const { stage } = purchase.progress;
  const [steps, setSteps] = useState(ONE_TRANSACTION);

  function onBuy(micros: bigint, price: string, { by, because }: PurchasePlan): void {
    setSteps(stepsOf(by, because));
    purchase.run(
      async (connection) => {
        const { buy } = await import("@compute-credits/client/chain/buy");
        return (await buy(connection, { account, creditMicros: micros })).receipt;
      },
      wordsOf(by, { price, credits: creditsText(micros) }),
    );
  }

  return (
    <>
      <Card title="How much?">
        <Amount credits={search.credits ?? ""} isDisabled={purchase.isPending} />
      </Card>
      {creditMicros !== null && access === null && (
        <p role="alert">
          This browser cannot reach the chain. Connect the wallet of this account, on chain{" "}
          {server.deployment.chainId}.
        </p>
      )}
      {creditMicros !== null && access !== null && stage !== "counted" && (
        <Card title="What it costs, and how it is paid">
          <Loaded query={token}>
            {(known) => (
              <Loaded query={plan}>
                {(planned) => (
                  <Planned
                    creditMicros={creditMicros}
                    plan={planned}
                    token={known}
                    isPending={purchase.isPending}
                    onBuy={() =>
                      onBuy(creditMicros, tokenText(planned.tokenAmount, known), planned)
                    }
                  />
                )}
              </Loaded>
            )}
          </Loaded>
        </Card>
      )}
      {stage !== null && (
        <Card title="Your purchase">
          <TransactionSteps of={purchase} steps={steps} />
          {stage === "counted" && (
            <p role="status">
              Bought: the credits are in <Link to="/account">your account</Link>, and can be spent
              now.{" "}
              <button type="button" className="plain" onClick={purchase.reset}>
                Buy more
              </button>
            </p>
          )}
        </Card>
      )}
      {stage === null && purchase.dialog}
    </>
  );
}

function Amount({
  credits,
  isDisabled,
}: {
  readonly credits: string;
  readonly isDisabled: boolean;
}) {
  const navigate = route.useNavigate();
  const [mistake, setMistake] = useState("");
  function onSubmit(event: SyntheticEvent<HTMLFormElement>): void {
    event.preventDefault();
    const search = buySearch({ credits: fieldText(event.currentTarget, "credits") });
    const isUsable = amountOf(search) !== null;
    setMistake(isUsable ? "" : "Write an amount above 0, such as 100 or 12.5.");
    if (isUsable) void navigate({ search });
  }
  return (
    <form onSubmit={onSubmit}>
      <div className={form["form"]}>
        <label>
          Credits
          <input
            key={credits}
            name="credits"
            inputMode="decimal"
            autoComplete="off"
            defaultValue={credits}
            required
          />
        </label>
        <div>
          <button type="submit" className="plain" disabled={isDisabled}>
            Show the price
          </button>
        </div>
      </div>
      <p role="alert">{mistake}</p>
    </form>
  );
}

function Planned({
  creditMicros,
  plan,
  token,
  isPending,
  onBuy,
}: {
  readonly creditMicros: bigint;
  readonly plan: PurchasePlan;
  readonly token: Token;
  readonly isPending: boolean;
  readonly onBuy: () => void;
}) {
  const { connected } = useWallets();
  const missing = plan.tokenAmount - plan.balance;
  return (
    <>
      <Facts
        of={{
          "You get": (
            <>
              <Credits micros={creditMicros} /> credits
            </>
          ),
          "You pay": <TokenAmount amount={plan.tokenAmount} token={token} />,
          "Your wallet has": <TokenAmount amount={plan.balance} token={token} />,
        }}
      />
      <p data-payment={plan.by}>{WHY[plan.because]}</p>
      {missing > 0n && (
        <p role="alert" className={form["warning"]}>
          Your wallet has too little: <TokenAmount amount={missing} token={token} /> are missing.
        </p>
      )}
      {HAS_TEST_WALLETS && missing > 0n && connected?.id.startsWith("test.") === true && (
        <TestDollars payer={connected.address} missing={missing} />
      )}
      <button type="button" disabled={isPending || missing > 0n} onClick={onBuy}>
        {isPending ? "Going on …" : `Buy ${creditsText(creditMicros)} credits`}
      </button>
    </>
  );
}
