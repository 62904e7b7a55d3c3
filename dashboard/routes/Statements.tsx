import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type SyntheticEvent, useState } from "react";
import type { Address } from "viem";

import type { AccountStatement } from "@compute-credits/client/insight/readStatement";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { Card, WideTable } from "../parts/Card.tsx";
import { Credits } from "../parts/Credits.tsx";
import { download } from "../parts/download.ts";
import { Facts } from "../parts/Facts.tsx";
import { fieldText } from "../parts/fieldText.ts";
import form from "../parts/Form.module.css";
import { Moment } from "../parts/Moment.tsx";
import { Failure, Loaded } from "../parts/States.tsx";
import { api } from "../queries/api.ts";
import { statementQuery } from "../queries/statement.ts";
import { Owned } from "../wallet/Owned.tsx";
import { chosenDays, rangeOf } from "./statementSearch.ts";

const route = getRouteApi("/statements");

/** `/statements`: what moved between two balances, and files for an accountant. */
export function Statements() {
  return <Owned title="Statements">{(account) => <OfAccount account={account} />}</Owned>;
}

function OfAccount({ account }: { readonly account: Address }) {
  const navigate = route.useNavigate();
  const [openedAt] = useState(() => Date.now());
  const days = chosenDays(route.useSearch(), openedAt);
  const range = rangeOf(days);
  const query = useQuery(statementQuery(account, range));
  const name = `credits-${account.slice(0, 8)}-${days.first}-${days.last}`;
  const csv = useMutation({
    mutationFn: async () => {
      const { readStatementCsv } = await import("@compute-credits/client/insight/readStatementCsv");
      download(`${name}.csv`, await readStatementCsv(api, { account, ...range }), "text/csv");
    },
  });

  function onSubmit(event: SyntheticEvent<HTMLFormElement>): void {
    event.preventDefault();
    const { currentTarget } = event;
    const [from, to] = [fieldText(currentTarget, "from"), fieldText(currentTarget, "to")];
    void navigate({ search: { from, to } });
  }

  return (
    <>
      <Card title="Which days?">
        <form onSubmit={onSubmit}>
          <div className={form["form"]}>
            <label>
              First day (UTC)
              <input key={days.first} name="from" type="date" defaultValue={days.first} required />
            </label>
            <label>
              Last day (UTC)
              <input key={days.last} name="to" type="date" defaultValue={days.last} required />
            </label>
            <div>
              <button type="submit" className="plain">
                Show
              </button>
            </div>
          </div>
        </form>
      </Card>
      <Loaded query={query}>
        {(statement) => (
          <>
            <Card title="Balances">
              <Balances statement={statement} />
              <div className={form["row"]}>
                <button type="button" disabled={csv.isPending} onClick={() => csv.mutate()}>
                  Download CSV
                </button>
                <button
                  type="button"
                  className="plain"
                  onClick={() => download(`${name}.json`, jsonText(statement), "application/json")}
                >
                  Download JSON
                </button>
              </div>
              {csv.error !== null && <Failure error={csv.error} />}
            </Card>
            <Card title="Movements">
              <Movements statement={statement} />
            </Card>
          </>
        )}
      </Loaded>
    </>
  );
}

function Balances({ statement }: { readonly statement: AccountStatement }) {
  const { openingMicros, closingMicros, asOf, block, reconciles } = statement;
  return (
    <>
      <Facts
        of={{
          "At the beginning": <Amount micros={openingMicros} />,
          "At the end": <Amount micros={closingMicros} />,
          "Read at": <Moment at={asOf} />,
          Block: `${block.number}`,
        }}
      />
      <p data-reconciles={reconciles}>
        {reconciles
          ? "The books reconcile: all movements add up to the balance, to the micro-credit."
          : "The books do not reconcile: tell the operator, they have an error."}
      </p>
    </>
  );
}

function Amount({ micros }: { readonly micros: bigint | null }) {
  return micros === null ? <>not kept</> : <Credits micros={micros} />;
}

/** Each movement with its sign; debits are sums of a day and a meter. */
function Movements({ statement }: { readonly statement: AccountStatement }) {
  const rows = [
    ...statement.purchases.map(({ at, kind, amountMicros, transactionHash }) => ({
      at,
      what: kind === "top_up" ? "Bought by another party" : "Bought",
      micros: amountMicros,
      reference: transactionHash,
    })),
    ...statement.refunds.map(({ at, epoch, amountMicros }) => ({
      at,
      what: `Refunded by checkpoint ${epoch}`,
      micros: -amountMicros,
      reference: `refund ${epoch}`,
    })),
    ...statement.writeOffs.map(({ at, amountMicros }) => ({
      at,
      what: "Written off",
      micros: amountMicros,
      reference: `write-off ${at.toISOString()}`,
    })),
    ...statement.debits.map(({ day, meter, events, amountMicros }) => ({
      at: new Date(day),
      what: `${events.toLocaleString()} × ${meter}`,
      micros: -amountMicros,
      reference: `${day} ${meter}`,
    })),
  ].toSorted((one, other) => other.at.getTime() - one.at.getTime());
  if (rows.length === 0) return <p>Nothing moved in these days.</p>;
  return (
    <WideTable label="Movements, newest first">
      <thead>
        <tr>
          <th>When</th>
          <th>What</th>
          <th className="number">Credits</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ at, what, micros, reference }) => (
          <tr key={reference}>
            <td>
              <Moment at={at} />
            </td>
            <td>{what}</td>
            <td className="number">
              <Credits micros={micros} />
            </td>
          </tr>
        ))}
      </tbody>
    </WideTable>
  );
}
