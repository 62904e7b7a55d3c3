import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import type { Address } from "viem";

import { allow } from "@compute-credits/client/allowances/allow";
import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { useServer } from "../parts/ServerContext.tsx";
import { Failure } from "../parts/States.tsx";
import { balanceQuery } from "../queries/account.ts";
import { api } from "../queries/api.ts";
import { useReviewedSigner } from "../wallet/useReviewedSigner.tsx";
import { type KeyTerms, RENEWALS, readTerms, wordsOf } from "./keyTerms.ts";
import styles from "./Keys.module.css";

/** Creates a key that may spend so much, signs its allowance, and shows the key once. */
export function NewKey({ account }: { readonly account: Address }) {
  const queries = useQueryClient();
  const { deployment } = useServer();
  const { signer, dialog } = useReviewedSigner();
  const [mistake, setMistake] = useState("");
  const creating = useMutation({
    mutationFn: async (terms: KeyTerms) => {
      const { counter } = await queries.fetchQuery({ ...balanceQuery(account), staleTime: 0 });
      const apiKey = createApiKey();
      const spender = apiKeySpender(apiKey);
      const wallet = await signer(wordsOf(terms, spender));
      await allow(api, { wallet, deployment }, { ...terms, apiKey, spender, counter });
      return apiKey;
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["own", account, "changing"] }),
  });

  function onSubmit(event: SyntheticEvent<HTMLFormElement>): void {
    event.preventDefault();
    const read = readTerms(event.currentTarget);
    setMistake("mistake" in read ? read.mistake : "");
    if ("terms" in read) creating.mutate(read.terms);
  }

  return (
    <>
      {dialog}
      <form onSubmit={onSubmit}>
        <div className={styles["form"]}>
          <label>
            Limit, in credits
            <input name="limit" inputMode="decimal" autoComplete="off" required />
          </label>
          <label>
            Renews
            <select name="renews">
              {Object.keys(RENEWALS).map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <label>
            Ends after this day (empty: never)
            <input name="ends" type="date" />
          </label>
          <label>
            Only at these providers (empty: all)
            <input name="providers" autoComplete="off" placeholder="0x…, 0x…" />
          </label>
          <label>
            Only for these meters (empty: all)
            <input name="meters" autoComplete="off" placeholder="gpu.seconds, requests" />
          </label>
          <label>
            Most that all keys together may ever charge (empty: all you buy)
            <input name="cap" inputMode="decimal" autoComplete="off" />
          </label>
        </div>
        <p role="alert">{mistake}</p>
        <button type="submit" disabled={creating.isPending}>
          {creating.isPending ? "Waiting for your wallet …" : "Create the key"}
        </button>
      </form>
      {creating.error !== null && <Failure error={creating.error} />}
      {creating.data !== undefined && (
        <div role="status">
          <p>
            This is the key. Copy it now: it is shown once, and nobody else has it. Give it to the
            program that may spend.
          </p>
          <p className={styles["key"]}>
            <code data-key>{creating.data}</code>
          </p>
        </div>
      )}
    </>
  );
}
