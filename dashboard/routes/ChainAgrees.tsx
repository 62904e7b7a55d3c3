import { skipToken, useQuery } from "@tanstack/react-query";
import type { Address } from "viem";

import type { Finding } from "@compute-credits/client/verify/finding";
import { useChainAccess } from "../chain/ChainAccess.tsx";
import { useServer } from "../parts/ServerContext.tsx";
import { Loaded } from "../parts/States.tsx";
import { Verdict } from "../parts/Verdict.tsx";
import { connection } from "../queries/onChain.ts";
import styles from "./Account.module.css";

/** Green only if this browser itself compared the server's answers with the chain. */
export function ChainAgrees({ account }: { readonly account: Address }) {
  const access = useChainAccess();
  const server = useServer();
  const query = useQuery({
    queryKey: ["own", account, "verified", access?.through],
    staleTime: 60_000,
    queryFn:
      access === null
        ? skipToken
        : async () => {
            // Only here: it is a quarter of the page's code.
            const { verifyOwn } = await import("../chain/verifyOwn.ts");
            return await verifyOwn(await connection(server, access), account);
          },
  });
  if (access === null) {
    return (
      <p>
        Not checked: this server lists no endpoint of the chain, and no wallet is connected. What
        you see is the server's word.
      </p>
    );
  }
  return (
    <Loaded query={query}>
      {(findings) => (
        <>
          <p>
            <Badge findings={findings} /> Checked by your browser through {access.through}.{" "}
            <button
              type="button"
              className="plain"
              disabled={query.isFetching}
              onClick={() => void query.refetch()}
            >
              Check again
            </button>
          </p>
          <details>
            <summary>{findings.length} checks</summary>
            <Verdict
              checks={findings.map((finding) => ({
                ...finding,
                id: finding.text,
                text: textOf(finding),
              }))}
            />
          </details>
        </>
      )}
    </Loaded>
  );
}

function Badge({ findings }: { readonly findings: readonly Finding[] }) {
  const fails = findings.some(({ result }) => result === "fails");
  const holds = findings.every(({ result }) => result === "holds");
  const [look, text] = fails
    ? (["bad", "The chain disagrees"] as const)
    : holds
      ? (["good", "The chain agrees"] as const)
      : (["open", "Not all could be checked"] as const);
  return (
    <strong className={`${styles["badge"]} ${styles[look]}`} data-verdict={look}>
      {text}
    </strong>
  );
}

function textOf({ text, remedy }: Finding): string {
  return remedy === undefined ? text : `${text} ${remedy}`;
}
