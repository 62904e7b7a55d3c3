import { useQuery } from "@tanstack/react-query";
import type { Address } from "viem";

import { Credits } from "../../parts/Credits.tsx";
import { Loaded } from "../../parts/States.tsx";
import { receiptQuery } from "../../queries/provider.ts";
import styles from "./Provider.module.css";

/** How much of what was earned the signers have promised, which a court would enforce. */
export function Receipt({
  provider,
  earned,
}: {
  readonly provider: Address;
  readonly earned: bigint;
}) {
  return (
    <Loaded query={useQuery(receiptQuery(provider))}>
      {(signed) => {
        if (signed === null) {
          return (
            <p data-receipt="none">
              No receipt covers it: until a checkpoint is final, you trust the signers. Take their
              signed promise with <code>npm run credits -- receipts issue</code>.
            </p>
          );
        }
        const { receipt, signatures, threshold, isEnforceable } = signed;
        const open = earned > receipt.earned ? earned - receipt.earned : 0n;
        return (
          <p data-receipt={isEnforceable ? "good" : "open"}>
            <strong className={styles[isEnforceable ? "good" : "warn"]}>
              Covered by a receipt: <Credits micros={receipt.earned} /> of{" "}
              <Credits micros={earned} />
            </strong>
            . {signatures.length} of {threshold} signatures,{" "}
            {isEnforceable
              ? "so the contract makes every later checkpoint pay it."
              : "so the contract does not take it yet."}{" "}
            {open > 0n && (
              <>
                <Credits micros={open} /> came after it.
              </>
            )}
          </p>
        );
      }}
    </Loaded>
  );
}
