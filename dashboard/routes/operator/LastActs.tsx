import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { actsQuery } from "../../queries/operator.ts";
import { ActList } from "./ActList.tsx";
import styles from "./Operator.module.css";

/** What campaigns give, by the requests that changed it. */
const KINDS = [
  ["setCampaignRule", "rules of campaigns, with subscriptions"],
  ["addCodes", "promotion codes"],
  ["issueGrants", "grants"],
  ["closeCampaignRule", "ended rules"],
] as const;

/** The last changes of promotions and subscriptions, of all campaigns. */
export function LastActs() {
  const [index, setIndex] = useState(0);
  const [act] = KINDS[index] ?? KINDS[0];
  return (
    <>
      <div className={styles["row"]}>
        <label>
          Last changes of
          <select value={index} onChange={(event) => setIndex(event.currentTarget.selectedIndex)}>
            {KINDS.map(([name, label], at) => (
              <option key={name} value={at}>
                {label}
              </option>
            ))}
          </select>
        </label>
      </div>
      <ActList acts={useQuery(actsQuery(act))} none="There is none yet." />
    </>
  );
}
