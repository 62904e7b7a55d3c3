import type { ReactNode } from "react";

import type { Result } from "@compute-credits/client/verify/finding";
import styles from "./Verdict.module.css";

/** One check, what came of it, and what it says. */
export interface Check {
  readonly id: string;
  readonly result: Result;
  readonly text: ReactNode;
}

const SIGNS: Readonly<Record<Result, readonly [string, string]>> = {
  holds: ["✔", "holds"],
  fails: ["✘", "fails"],
  not_yet: ["…", "cannot be told yet"],
  not_checked: ["–", "not checked"],
};

/** Checks in order. Their signs are read out as words. */
export function Verdict({ checks }: { readonly checks: readonly Check[] }) {
  return (
    <ul className={styles["list"]}>
      {checks.map(({ id, result, text }) => (
        <li key={id} data-result={result}>
          <span
            className={`${styles["sign"]} ${styles[result]}`}
            role="img"
            aria-label={SIGNS[result][1]}
          >
            {SIGNS[result][0]}
          </span>
          <span>{text}</span>
        </li>
      ))}
    </ul>
  );
}
