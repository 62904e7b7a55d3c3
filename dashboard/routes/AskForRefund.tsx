import { useInfiniteQuery } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import type { Address } from "viem";

import { parseCredits } from "@compute-credits/protocol/amounts";
import { Credits } from "../parts/Credits.tsx";
import { creditsText } from "../parts/creditsText.ts";
import { fieldText } from "../parts/fieldText.ts";
import form from "../parts/Form.module.css";
import { useServer } from "../parts/ServerContext.tsx";
import { budgetsQuery } from "../queries/budgets.ts";
import { ONE_TRANSACTION, TransactionSteps } from "../transactions/TransactionSteps.tsx";
import { useTransaction } from "../transactions/useTransaction.tsx";
import { duration } from "../parts/duration.ts";

/** Asks for unspent credits back, after a warning of what that ends. */
export function AskForRefund({
  account,
  availableMicros,
  isOpen,
}: {
  readonly account: Address;
  readonly availableMicros: bigint;
  /** a request is open: only one may be */
  readonly isOpen: boolean;
}) {
  const { terms } = useServer();
  const [mistake, setMistake] = useState("");
  const request = useTransaction("refund", account);

  function onSubmit(event: SyntheticEvent<HTMLFormElement>): void {
    event.preventDefault();
    const read = amountIn(fieldText(event.currentTarget, "refund"), availableMicros);
    setMistake(typeof read === "string" ? read : "");
    if (typeof read === "string") return;
    request.run(async (connection) => {
      const { requestRefund } = await import("@compute-credits/client/chain/credits");
      return await requestRefund(connection, read);
    });
  }

  return (
    <>
      <p>
        You have <Credits micros={availableMicros} /> credits to spend. What you ask back is paid in
        the vault&apos;s token: at the earliest {duration(terms.disputeWindowSeconds)} after the
        next checkpoint, and within {duration(terms.refundWindowSeconds)}. If the operator is late,
        you can force it.
      </p>
      {!isOpen && (
        <form onSubmit={onSubmit}>
          <WhatItEnds account={account} />
          <div className={form["form"]}>
            <label>
              Credits to give back
              <input name="refund" inputMode="decimal" autoComplete="off" required />
            </label>
          </div>
          <label className={form["check"]}>
            <input type="checkbox" name="ends" required />
            <span>I know that all my keys, campaigns and grants end.</span>
          </label>
          <p role="alert">{mistake}</p>
          <button type="submit" disabled={request.isPending}>
            {request.isPending ? "Going on …" : "Ask for the refund"}
          </button>
        </form>
      )}
      <TransactionSteps of={request} steps={ONE_TRANSACTION} />
    </>
  );
}

/** A request raises the account's counter. */
function WhatItEnds({ account }: { readonly account: Address }) {
  const { data } = useInfiniteQuery(budgetsQuery(account));
  const inForce = data?.pages
    .flatMap(({ budgets }) => budgets)
    .filter(({ status }) => status === "in_force").length;
  return (
    <p className={form["warning"]}>
      <strong>It ends every key and campaign that you signed,</strong> even if you ask for a part
      only
      {inForce === undefined ? "" : `: ${inForce} in force now`}. Programs that use them stop, and
      you sign new ones for what you keep. Work that was held before can still be charged.
    </p>
  );
}

function amountIn(text: string, availableMicros: bigint): bigint | string {
  try {
    const micros = parseCredits(text);
    if (micros === 0n) return "Write an amount above 0.";
    if (micros <= availableMicros) return micros;
    return `You have ${creditsText(availableMicros)} credits to spend: write at most that.`;
  } catch (error) {
    if (error instanceof RangeError) return "Write digits, with at most six decimals.";
    throw error;
  }
}
