import { useQuery } from "@tanstack/react-query";

import type { ServerCheckpoint } from "@compute-credits/client/checkpoints/readServerCheckpoint";
import { useChainAccess } from "../../chain/ChainAccess.tsx";
import type { CheckedTable, Told } from "../../chain/rows/messages.ts";
import { Card } from "../../parts/Card.tsx";
import { Credits } from "../../parts/Credits.tsx";
import { Facts } from "../../parts/Facts.tsx";
import { Hash } from "../../parts/Hash.tsx";
import { useServer } from "../../parts/ServerContext.tsx";
import { type Check, Verdict } from "../../parts/Verdict.tsx";
import { rootOnChainQuery } from "../../queries/onChain.ts";
import { rootCheck } from "../rootCheck.tsx";

export type CheckedRows = Extract<Told, { told: "loaded" }>;

/** What this browser made of the rows, and whether that is what was signed and submitted. */
export function Recomputed({
  checkpoint: { checkpoint },
  checked: { table, base, differences },
}: {
  readonly checkpoint: ServerCheckpoint;
  readonly checked: CheckedRows;
}) {
  const access = useChainAccess();
  const onChain = useQuery(rootOnChainQuery(useServer(), access, checkpoint.epoch));
  const baseOnChain = useQuery(rootOnChainQuery(useServer(), access, base?.epoch ?? null));
  const { epoch, root } = table;
  const isRoot = root === checkpoint.root;
  const isData = table.dataHash === checkpoint.dataHash;
  const checks: Check[] = [
    {
      id: "recomputed",
      result: isRoot ? "holds" : "fails",
      text: (
        <>
          Your browser hashed {table.rowCount.toLocaleString()} rows to <Hash hex={root} />
          {isRoot ? ", the root that the server names." : ". The server names another root."}
        </>
      ),
    },
    { ...rootCheck({ access, onChain, root, epoch }), id: "chain" },
    {
      id: "data",
      result: isData ? "holds" : "fails",
      text: isData
        ? "The file is the one whose hash the signers signed."
        : "The signers signed another file.",
    },
    totalsCheck(table, checkpoint),
    {
      id: "grow",
      result: differences.impossible.length === 0 ? "holds" : "fails",
      text:
        differences.impossible.length === 0
          ? "No number fell, and each party kept its place."
          : differences.impossible
              .slice(0, 10)
              .map(({ place, what }) => `Row ${place}: ${IMPOSSIBLE[what]}.`)
              .join(" "),
    },
    ...(base === null
      ? []
      : [
          {
            ...rootCheck({ access, onChain: baseOnChain, root: base.root, epoch: base.epoch }),
            id: "base",
          },
        ]),
  ];
  return (
    <>
      <Card title="What your browser found">
        <Verdict checks={checks} />
      </Card>
      <Card
        title={base === null ? "All rows are new" : `What changed since checkpoint ${base.epoch}`}
      >
        <Facts
          of={{
            "Rows that changed": differences.changed.length.toLocaleString(),
            "New parties": differences.added.toLocaleString(),
            "Charged more": differences.chargedMore.toLocaleString(),
            "Earned more": differences.earnedMore.toLocaleString(),
            "Spent since": <Credits micros={table.totals.spent - (base?.totals.spent ?? 0n)} />,
            "Refunded since": (
              <Credits micros={table.totals.refunded - (base?.totals.refunded ?? 0n)} />
            ),
            "Earned since": <Credits micros={table.totals.earned - (base?.totals.earned ?? 0n)} />,
          }}
        />
      </Card>
    </>
  );
}

const IMPOSSIBLE = {
  fell: "a number fell",
  moved: "it belongs to another party than before",
  gone: "it is gone",
} as const;

function totalsCheck({ totals }: CheckedTable, said: ServerCheckpoint["checkpoint"]): Check {
  const isSame =
    totals.spent === said.spent &&
    totals.refunded === said.refunded &&
    totals.earned === said.earned;
  return {
    id: "totals",
    result: isSame ? "holds" : "fails",
    text: isSame
      ? "The rows add up to the signed totals, to the micro-credit."
      : "The rows do not add up to the signed totals.",
  };
}
