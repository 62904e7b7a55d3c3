import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { Address } from "viem";

import type { Explanation } from "@compute-credits/client/insight/explain";
import { Credits } from "../parts/Credits.tsx";
import { Hash } from "../parts/Hash.tsx";
import { Moment } from "../parts/Moment.tsx";
import { Loaded } from "../parts/States.tsx";
import { explanationQuery } from "../queries/usage.ts";

/** Event → rate → allowances and limits → checkpoint. Closing it leaves the event's address. */
export function Why({
  account,
  provider,
  event,
}: {
  readonly account: Address;
  readonly provider: Address;
  readonly event: string;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const navigate = useNavigate();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      aria-label="Why this amount"
      onClose={() =>
        void navigate({
          to: "/usage",
          search: ({ by, days, meter, spender, day }) => ({ by, days, meter, spender, day }),
          resetScroll: false,
        })
      }
    >
      <h2>Why this amount</h2>
      <Loaded query={useQuery(explanationQuery(account, provider, event))}>
        {(why) => <Steps why={why} />}
      </Loaded>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}

function Steps({
  why: { event, price, charges, checkpoint, costMicros },
}: {
  readonly why: Explanation;
}) {
  return (
    <ol>
      <li>
        Event <code>{event.id}</code> of provider <Hash hex={event.provider} /> reported{" "}
        {event.quantity.toLocaleString()} {event.meter}
        {Object.entries(event.dimensions).map(([name, value]) => ` · ${name} ${value}`)}, recorded{" "}
        <Moment at={event.recordedAt} />.
      </li>
      <li>
        {price === null ? (
          "Others paid for it too, so its price is shown to its provider and its spender only."
        ) : (
          <>
            Rate card {price.rateCardVersion} of{" "}
            {price.publisher === null ? "the operator" : <Hash hex={price.publisher} />}:{" "}
            <code>{price.formula}</code>. {price.rounding}
          </>
        )}{" "}
        It cost <Credits micros={costMicros} /> credits.
      </li>
      {charges.map((charge) => (
        <li key={charge.allowance}>
          Allowance <Hash hex={charge.allowance} /> of this account paid{" "}
          <Credits micros={charge.amountMicros} />. That left{" "}
          <Left left={charge.limits.allowanceLimit.leftMicros} /> of its limit of{" "}
          <Credits micros={charge.limits.allowanceLimit.limitMicros} />, and{" "}
          <Left left={charge.limits.accountBalance.leftMicros} /> in the account.
        </li>
      ))}
      <li>
        {checkpoint === null ? (
          "No checkpoint holds it yet: the next one will."
        ) : (
          <>
            Checkpoint{" "}
            <Link to="/checkpoints/$epoch" params={{ epoch: `${checkpoint.epoch}` }}>
              {`${checkpoint.epoch}`}
            </Link>{" "}
            holds it; it is {checkpoint.status}.
          </>
        )}
      </li>
    </ol>
  );
}

function Left({ left }: { readonly left: bigint | null }) {
  return left === null ? <>an amount that was not kept</> : <Credits micros={left} />;
}
