import type { Runway } from "@compute-credits/client/insight/readRunway";
import { Credits } from "../parts/Credits.tsx";
import { Moment } from "../parts/Moment.tsx";
import { WideTable } from "../parts/Card.tsx";

type Window = Runway["windows"][number];

const DAY_SECONDS = 86_400n;

const REASONS = {
  nothing_spent: "Nothing was spent",
  nobody_may_spend: "Never: no key may spend",
  allowances_end: "Never: the keys' allowances end before",
  beyond_horizon: "Not within the time that was reckoned",
} as const;

/** When credits run out at the rates of the last hour, day and week. */
export function RunsOut({ runway }: { readonly runway: Runway }) {
  return (
    <WideTable label="Rates, and when the credits run out at each">
      <thead>
        <tr>
          <th>At the rate of the last</th>
          <th className="number">Credits an hour</th>
          <th>Runs out</th>
        </tr>
      </thead>
      <tbody>
        {runway.windows.map((window) => (
          <tr key={`${window.windowSeconds}`}>
            <td>{nameOf(window)}</td>
            <td className="number">
              <Credits micros={window.burnMicrosPerHour} />
            </td>
            <td>
              <End of={window} asOf={runway.asOf} />
            </td>
          </tr>
        ))}
      </tbody>
    </WideTable>
  );
}

function End({ of: { runway }, asOf }: { readonly of: Window; readonly asOf: Date }) {
  if (runway.secondsToZero === null) return <>{REASONS[runway.reason]}</>;
  const at = asOf.getTime() + Number(runway.secondsToZero) * 1_000;
  // Dates end in the year 275760.
  if (at > 8.64e15) return <>In more than a thousand years</>;
  return <Moment at={new Date(at)} />;
}

function nameOf({ windowSeconds }: Window): string {
  if (windowSeconds === DAY_SECONDS) return "day";
  if (windowSeconds === 7n * DAY_SECONDS) return "week";
  return windowSeconds === 3_600n ? "hour" : `${windowSeconds} s`;
}
