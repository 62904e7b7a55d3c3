import { useQuery } from "@tanstack/react-query";
import { Link, getRouteApi } from "@tanstack/react-router";
import type { Address } from "viem";

import { Card, WideTable } from "../parts/Card.tsx";
import { Credits } from "../parts/Credits.tsx";
import { Hash } from "../parts/Hash.tsx";
import { Loaded } from "../parts/States.tsx";
import { type Grouping, sumsQuery } from "../queries/usage.ts";
import { Owned } from "../wallet/Owned.tsx";
import { DayBars } from "./DayBars.tsx";
import { Events } from "./Events.tsx";
import styles from "./Usage.module.css";
import { DAYS, GROUPINGS, type UsageSearch } from "./usageSearch.ts";

const route = getRouteApi("/usage");

const LABELS: Readonly<Record<Grouping, string>> = {
  meter: "meter",
  day: "day (UTC)",
  provider: "provider",
  spender: "key",
  allowance: "allowance",
};

/** `/usage`: where the credits went, from the year down to one event. */
export function Usage() {
  return <Owned title="Usage">{(account) => <OfAccount account={account} />}</Owned>;
}

function OfAccount({ account }: { readonly account: Address }) {
  const { by = "meter", days = 31 } = route.useSearch();
  return (
    <>
      <Filters by={by} days={days} />
      <Card title="By day">
        <Loaded query={useQuery(sumsQuery(account, "day", days))}>
          {({ groups, to, amountMicros }) => (
            <DayBars groups={groups} days={days} to={to} totalMicros={amountMicros} />
          )}
        </Loaded>
      </Card>
      <Card title={`By ${LABELS[by]}`}>
        <Sums account={account} by={by} days={days} />
      </Card>
      <Events account={account} />
    </>
  );
}

function Filters({ by, days }: { readonly by: Grouping; readonly days: number }) {
  const navigate = route.useNavigate();
  const set = (changed: UsageSearch) =>
    void navigate({ search: (old) => ({ ...old, ...changed }), resetScroll: false });
  return (
    <div className={styles["filters"]}>
      <label>
        The last
        <select
          value={days}
          onChange={(event) => set({ days: DAYS[event.currentTarget.selectedIndex] })}
        >
          {DAYS.map((each) => (
            <option key={each} value={each}>
              {each} days
            </option>
          ))}
        </select>
      </label>
      <label>
        Sums by
        <select
          value={by}
          onChange={(event) => set({ by: GROUPINGS[event.currentTarget.selectedIndex] })}
        >
          {GROUPINGS.map((each) => (
            <option key={each} value={each}>
              {LABELS[each]}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Sums({
  account,
  by,
  days,
}: {
  readonly account: Address;
  readonly by: Grouping;
  readonly days: number;
}) {
  return (
    <Loaded query={useQuery(sumsQuery(account, by, days))}>
      {({ groups, amountMicros }) =>
        groups.length === 0 ? (
          <p>Nothing was charged in these days.</p>
        ) : (
          <WideTable label={`Sums by ${LABELS[by]}, in credits`}>
            <thead>
              <tr>
                <th>{LABELS[by]}</th>
                <th>Units</th>
                <th className="number">Events</th>
                <th className="number">Credits</th>
              </tr>
            </thead>
            <tbody>
              {groups.map(({ key, meter, quantity, events, amountMicros: micros }) => (
                <tr key={`${key} ${meter}`}>
                  <td>
                    <Group by={by} groupKey={key} />
                  </td>
                  <td>
                    {quantity.toLocaleString()} {meter}
                  </td>
                  <td className="number">{events.toLocaleString()}</td>
                  <td className="number">
                    <Credits micros={micros} />
                  </td>
                </tr>
              ))}
              <tr>
                <th scope="row" colSpan={3}>
                  Together
                </th>
                <td className="number" data-total>
                  <strong>
                    <Credits micros={amountMicros} />
                  </strong>
                </td>
              </tr>
            </tbody>
          </WideTable>
        )
      }
    </Loaded>
  );
}

/** A group's name; those that events can be listed by lead to their events. */
function Group({ by, groupKey }: { readonly by: Grouping; readonly groupKey: string }) {
  const label = groupKey.startsWith("0x") ? <Hash hex={groupKey} /> : groupKey;
  const filter = {
    meter: { meter: groupKey },
    day: { day: groupKey },
    spender: isHex(groupKey) ? { spender: groupKey } : null,
    provider: null,
    allowance: null,
  }[by];
  if (filter === null) return label;
  return (
    <Link
      to="/usage"
      search={({ by: kept, days }) => ({ by: kept, days, ...filter })}
      hash="events"
      resetScroll={false}
    >
      {label}
    </Link>
  );
}

function isHex(text: string): text is `0x${string}` {
  return text.startsWith("0x");
}
