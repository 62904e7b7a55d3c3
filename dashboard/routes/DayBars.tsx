import { useNavigate } from "@tanstack/react-router";

import type { UsageSums } from "@compute-credits/client/insight/readUsageSums";
import { creditsText } from "../parts/creditsText.ts";
import styles from "./Usage.module.css";

const DAY_MS = 86_400_000;
const HEIGHT = 100;

/** A bar for each day, up to a year. A click leads to the day's events; the table has the numbers. */
export function DayBars({
  groups,
  days,
  to,
  totalMicros,
}: {
  readonly groups: UsageSums["groups"];
  readonly days: number;
  /** the end of the last day, in UTC */
  readonly to: Date;
  readonly totalMicros: bigint;
}) {
  const navigate = useNavigate();
  const sums = new Map<string, bigint>();
  for (const { key, amountMicros } of groups) sums.set(key, (sums.get(key) ?? 0n) + amountMicros);
  const most = [...sums.values()].reduce((one, other) => (one > other ? one : other), 1n);
  const names = Array.from({ length: days }, (_, index) =>
    new Date(to.getTime() - (days - index) * DAY_MS).toISOString().slice(0, 10),
  );
  const label = `Credits charged in ${days} days: ${creditsText(totalMicros)}; at most ${creditsText(most)} on one`;
  return (
    <figure className={styles["figure"]}>
      <svg
        className={styles["bars"]}
        viewBox={`0 0 ${days * 10} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        <line className={styles["base"]} x1="0" x2={days * 10} y1={HEIGHT} y2={HEIGHT} />
        {names.map((day, index) => {
          const micros = sums.get(day) ?? 0n;
          const height = Number((micros * 1_000n * BigInt(HEIGHT)) / most) / 1_000;
          return (
            <rect
              key={day}
              className={styles["bar"]}
              x={index * 10 + 1}
              y={HEIGHT - height}
              width={8}
              height={height}
              onClick={() => void navigate({ to: "/usage", search: (old) => ({ ...old, day }) })}
            >
              <title>{`${day}: ${creditsText(micros)}`}</title>
            </rect>
          );
        })}
      </svg>
      <figcaption>{label}.</figcaption>
    </figure>
  );
}
