import { Failure } from "../parts/States.tsx";
import { Hash } from "../parts/Hash.tsx";
import styles from "./TransactionSteps.module.css";
import type { Transaction } from "./useTransaction.tsx";
import type { Stage } from "./watched.ts";

/** One step that a reader sees, and the stages in which it is going on. */
export interface Step {
  readonly label: string;
  readonly stages: readonly Stage[];
}

/** The steps of a transaction that needs one confirmation in the wallet. */
export const ONE_TRANSACTION: readonly Step[] = [
  { label: "Checked without sending anything", stages: ["preparing", "checking"] },
  { label: "Confirmed in your wallet", stages: ["confirming"] },
  { label: "In a block", stages: ["sent"] },
  { label: "Counted by the ledger", stages: ["in_block"] },
];

type State = "done" | "current" | "failed" | "ahead";

const SIGNS: Readonly<Record<State, readonly [string, string]>> = {
  done: ["✔", "done"],
  current: ["…", "going on"],
  failed: ["✘", "failed"],
  ahead: ["·", "not yet"],
};

/** How far a transaction is, step by step, and what to do if it failed. */
export function TransactionSteps({
  of: { progress, error, dialog, resume },
  steps,
}: {
  readonly of: Transaction;
  readonly steps: readonly Step[];
}) {
  const { stage, hash, replacedHash } = progress;
  const at = steps.findIndex(({ stages }) => stage !== null && stages.includes(stage));
  const current = stage === "counted" ? steps.length : at;
  return (
    <>
      {dialog}
      {stage !== null && (
        <ol className={styles["steps"]} data-stage={stage} aria-live="polite">
          {steps.map(({ label }, index) => {
            const state = stateOf(index, current, error !== null);
            const [sign, word] = SIGNS[state];
            return (
              <li
                key={label}
                className={styles[state]}
                {...(state === "current" && { "aria-current": "step" })}
              >
                <span role="img" aria-label={word}>
                  {sign}
                </span>
                {label}
              </li>
            );
          })}
        </ol>
      )}
      {replacedHash !== null && (
        <p role="status">
          Your wallet sent it again with a higher fee, in place of <Hash hex={replacedHash} />.
        </p>
      )}
      {hash !== null && (
        <p>
          Transaction <Hash hex={hash} />
        </p>
      )}
      {error !== null && <Failure error={error} {...(resume === null ? {} : { again: resume })} />}
    </>
  );
}

function stateOf(index: number, current: number, isFailed: boolean): State {
  if (index < current) return "done";
  if (index > current) return "ahead";
  return isFailed ? "failed" : "current";
}
