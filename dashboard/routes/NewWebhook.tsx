import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import type { Address } from "viem";

import { EVENT_KINDS, NAMED_KINDS, isNamedKind } from "@compute-credits/api/webhooks/eventKinds";
import { createWebhook } from "@compute-credits/client/webhooks/createWebhook";
import { amountField } from "../parts/amountField.ts";
import { fieldText } from "../parts/fieldText.ts";
import form from "../parts/Form.module.css";
import { Secret } from "../parts/Secret.tsx";
import { Failure } from "../parts/States.tsx";
import { api } from "../queries/api.ts";
import { webhooksQuery } from "../queries/webhooks.ts";
import styles from "./Webhooks.module.css";

/** The kinds of events that an account's endpoint may get. */
const KINDS = NAMED_KINDS.filter((kind) =>
  EVENT_KINDS[kind].parties.some((party) => party === "account"),
);

const CHOSEN: ReadonlySet<string> = new Set(["balance.low", "runway.short", "budget.reached"]);

type New = Parameters<typeof createWebhook>[1];

/** Adds an endpoint. Its secret, which signs each delivery, is shown once. */
export function NewWebhook({ account }: { readonly account: Address }) {
  const queries = useQueryClient();
  const [mistake, setMistake] = useState("");
  const creating = useMutation({
    mutationFn: async (webhook: New) => await createWebhook(api, webhook),
    onSettled: () => queries.invalidateQueries({ queryKey: webhooksQuery(account).queryKey }),
  });

  function onSubmit(event: SyntheticEvent<HTMLFormElement>): void {
    event.preventDefault();
    const { currentTarget } = event;
    const events = new FormData(currentTarget)
      .getAll("event")
      .filter((each) => typeof each === "string")
      .filter(isNamedKind);
    const hasLimit = fieldText(currentTarget, "below") !== "";
    const below = hasLimit ? amountField(currentTarget, "below") : null;
    if (events.length === 0) return setMistake("Choose at least one kind of event.");
    if (typeof below === "string") return setMistake(below);
    if (events.includes("balance.low") && below === null) {
      return setMistake("Say below how many credits `balance.low` comes, or do not choose it.");
    }
    setMistake("");
    creating.mutate({
      owner: { party: "account", address: account },
      url: fieldText(currentTarget, "url"),
      events,
      thresholds: below === null ? {} : { balanceBelowMicros: `${below}` },
    });
  }

  return (
    <>
      <form onSubmit={onSubmit}>
        <div className={form["form"]}>
          <label>
            URL
            <input name="url" type="url" autoComplete="off" placeholder="https://…" required />
          </label>
          <label>
            Low means below, in credits
            <input name="below" inputMode="decimal" autoComplete="off" />
          </label>
        </div>
        <fieldset className={styles["kinds"]}>
          <legend>Events</legend>
          {KINDS.map((kind) => (
            <label key={kind} className={form["check"]}>
              <input type="checkbox" name="event" value={kind} defaultChecked={CHOSEN.has(kind)} />
              <span>
                <code>{kind}</code> {EVENT_KINDS[kind].when.replaceAll("`", "")}
              </span>
            </label>
          ))}
        </fieldset>
        <p role="alert">{mistake}</p>
        <button type="submit" disabled={creating.isPending}>
          Add the endpoint
        </button>
      </form>
      {creating.error !== null && <Failure error={creating.error} />}
      {creating.data !== undefined && (
        <Secret text={creating.data.secret} what="secret that signs its deliveries" />
      )}
    </>
  );
}
