import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import type { Address, Hex } from "viem";

import { ApiProblem } from "@compute-credits/client/errors/apiProblem";
import type { Api } from "@compute-credits/client/http/api";
import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { parseAddress } from "@compute-credits/protocol/address";
import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";
import { amountField } from "../parts/amountField.ts";
import { fieldText } from "../parts/fieldText.ts";
import form from "../parts/Form.module.css";
import { Secret } from "../parts/Secret.tsx";
import { Failure } from "../parts/States.tsx";
import { api } from "../queries/api.ts";

interface Member {
  readonly name: string;
  readonly limitMicros: bigint;
  /** `null`: a new key is made for the member */
  readonly wallet: Address | null;
}

/** Gives a member a budget out of a campaign: a new key, or the member's own wallet. */
export function NewGrant({
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
  const giving = useMutation({
    mutationFn: async ({ name, limitMicros, wallet }: Member) => {
      const { issueGrants } = await import("@compute-credits/client/campaigns/issueGrants");
      const key = createApiKey();
      const spender = wallet === null ? apiKeySpender(key) : walletSpender(wallet);
      const grants = [{ id: name, spender, limitMicros }];
      const { outcomes } = await issueGrants(await issuer(), { campaign, grants });
      for (const outcome of outcomes) {
        if (outcome.result === "refused") {
          throw new ApiProblem(outcome.problem.status, outcome.problem);
        }
      }
      if (wallet !== null) return null;
      const { accept } = await import("@compute-credits/client/allowances/accept");
      await accept(api.as({ key }), { account });
      return key;
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["own", account, "changing"] }),
  });

  function onSubmit(event: SyntheticEvent<HTMLFormElement>): void {
    event.preventDefault();
    const { currentTarget } = event;
    const limitMicros = amountField(currentTarget, "limit");
    const text = fieldText(currentTarget, "wallet");
    const wallet = text === "" ? null : parseAddress(text);
    if (typeof limitMicros === "string") return setMistake(limitMicros);
    if (text !== "" && wallet === null) {
      return setMistake("That is no address: write 0x and 40 hex digits, or leave it empty.");
    }
    setMistake("");
    giving.mutate({ name: fieldText(currentTarget, "name"), limitMicros, wallet });
  }

  return (
    <>
      <form onSubmit={onSubmit}>
        <div className={form["form"]}>
          <label>
            Member&apos;s name
            <input name="name" autoComplete="off" maxLength={64} required />
          </label>
          <label>
            Budget, in credits
            <input name="limit" inputMode="decimal" autoComplete="off" required />
          </label>
          <label>
            Member&apos;s wallet (empty: a new key)
            <input name="wallet" autoComplete="off" placeholder="0x…" />
          </label>
        </div>
        <p role="alert">{mistake}</p>
        <button type="submit" disabled={giving.isPending}>
          {giving.isPending ? "Going on …" : "Give the budget"}
        </button>
      </form>
      {giving.error !== null && <Failure error={giving.error} />}
      {giving.data === null && (
        <p role="status">
          Given. It counts once the member&apos;s wallet accepts your account, on this page of its
          own.
        </p>
      )}
      {typeof giving.data === "string" && <Secret text={giving.data} what="member's key" />}
    </>
  );
}
