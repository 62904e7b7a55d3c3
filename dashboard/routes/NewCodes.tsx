import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import type { Address, Hex } from "viem";

import { ApiProblem } from "@compute-credits/client/errors/apiProblem";
import type { Api } from "@compute-credits/client/http/api";
import { createPromotionCode } from "@compute-credits/client/wallet/promotionCode";
import { amountField } from "../parts/amountField.ts";
import { fieldText } from "../parts/fieldText.ts";
import form from "../parts/Form.module.css";
import { Failure } from "../parts/States.tsx";

const MOST_CODES = 50;

/** Makes codes, each of which gives a grant once. The server gets their hashes alone. */
export function NewCodes({
  account,
  campaign,
  issuer,
}: {
  readonly account: Address;
  readonly campaign: Hex;
  readonly issuer: () => Promise<Api>;
}) {
  const queries = useQueryClient();
  const [mistake, setMistake] = useState("");
  const making = useMutation({
    mutationFn: async ({ count, limitMicros }: { count: number; limitMicros: bigint }) => {
      const { addCodes } = await import("@compute-credits/client/campaigns/addCodes");
      const codes = Array.from({ length: count }, () => ({
        code: createPromotionCode(),
        limitMicros,
      }));
      const { outcomes } = await addCodes(await issuer(), { campaign, codes });
      for (const outcome of outcomes) {
        if (outcome.result === "refused") {
          throw new ApiProblem(outcome.problem.status, outcome.problem);
        }
      }
      return codes.map(({ code }) => code);
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["own", account, "changing"] }),
  });

  function onSubmit(event: SyntheticEvent<HTMLFormElement>): void {
    event.preventDefault();
    const limitMicros = amountField(event.currentTarget, "worth");
    const count = Number(fieldText(event.currentTarget, "count"));
    setMistake(typeof limitMicros === "string" ? limitMicros : "");
    if (typeof limitMicros !== "string") making.mutate({ count, limitMicros });
  }

  return (
    <>
      <form onSubmit={onSubmit}>
        <div className={form["form"]}>
          <label>
            How many codes
            <input name="count" type="number" min={1} max={MOST_CODES} defaultValue={1} required />
          </label>
          <label>
            Credits that each gives, once
            <input name="worth" inputMode="decimal" autoComplete="off" required />
          </label>
        </div>
        <p role="alert">{mistake}</p>
        <button type="submit" disabled={making.isPending}>
          {making.isPending ? "Going on …" : "Make the codes"}
        </button>
      </form>
      {making.error !== null && <Failure error={making.error} />}
      {making.data !== undefined && (
        <div role="status" className={form["once"]}>
          <p>
            Copy them now: they are shown once. Who redeems one needs the campaign{" "}
            <code>{campaign}</code> and this account, <code>{account}</code>.
          </p>
          <ul className={form["secret"]}>
            {making.data.map((code) => (
              <li key={code}>
                <code data-code>{code}</code>
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}
