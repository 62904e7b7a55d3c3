import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Address } from "viem";

import { CopyButton } from "../../parts/CopyButton.tsx";
import { ownCardQuery } from "../../queries/provider.ts";
import styles from "./Provider.module.css";
import { SNIPPETS, snippetOf } from "./snippets.ts";

/** Lines to paste, with this server's address, the provider's and a meter of its card. */
export function Snippets({ provider }: { readonly provider: Address }) {
  const [index, setIndex] = useState(0);
  const { data: card } = useQuery(ownCardQuery(provider));
  const kind = SNIPPETS[index] ?? "middleware";
  const meter = card?.rates.find((rate) => rate.kind === "fixed")?.meter ?? "requests";
  const { purpose, text } = snippetOf[kind]({ server: window.location.origin, provider, meter });
  return (
    <>
      <div className={styles["row"]}>
        <label>
          How you serve
          <select value={index} onChange={(event) => setIndex(event.currentTarget.selectedIndex)}>
            {SNIPPETS.map((each, at) => (
              <option key={each} value={at}>
                {each}
              </option>
            ))}
          </select>
        </label>
        <CopyButton text={text} />
      </div>
      <p>{purpose}</p>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls */}
      <pre className={styles["code"]} tabIndex={0} aria-label={`Lines for the ${kind}`}>
        <code data-snippet={kind}>{text}</code>
      </pre>
      <p>
        Make a key above, and keep it in a file or a variable of your machine, not in your code.
      </p>
    </>
  );
}
