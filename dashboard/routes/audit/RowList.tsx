import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type SyntheticEvent, useId, useState } from "react";

import { parseAddress } from "@compute-credits/protocol/address";
import type { Filter, PlacedRow } from "../../chain/rows/messages.ts";
import type { Rows } from "../../chain/rows/useRows.ts";
import { WideTable } from "../../parts/Card.tsx";
import { Credits } from "../../parts/Credits.tsx";
import { creditsText } from "../../parts/creditsText.ts";
import { Hash } from "../../parts/Hash.tsx";
import { Loaded } from "../../parts/States.tsx";
import { fieldText } from "../../parts/fieldText.ts";
import styles from "./Audit.module.css";
import type { CheckedRows } from "./Recomputed.tsx";

const PAGE = 50;

/** The rows, page by page: all, those that changed, or one party's. */
export function RowList({ checked, rows }: { readonly checked: CheckedRows; readonly rows: Rows }) {
  const [filter, setFilter] = useState<Filter>(checked.base === null ? "all" : "changed");
  const [from, setFrom] = useState(0);
  const [party, setParty] = useState<string | null>(null);
  const { epoch, root, rowCount } = checked.table;
  const length = filter === "all" ? rowCount : checked.differences.changed.length;
  const query = useQuery({
    queryKey: ["rows", `${epoch}`, root, party ?? filter, from],
    queryFn: async () => {
      if (party === null) return await rows.page({ filter, from, count: PAGE });
      const found = await rows.find(party);
      return found === null ? [] : [found];
    },
    gcTime: 0,
  });
  return (
    <>
      <div className={styles["row"]}>
        <label>
          Show
          <select
            value={filter}
            disabled={party !== null}
            onChange={(event) => {
              setFilter(event.currentTarget.value === "all" ? "all" : "changed");
              setFrom(0);
            }}
          >
            <option value="changed">rows that changed</option>
            <option value="all">all rows</option>
          </select>
        </label>
        <Find onFind={setParty} />
      </div>
      <Loaded query={query}>
        {(shown) =>
          shown.length === 0 ? (
            <p>{party === null ? "There is none." : "No row belongs to this address."}</p>
          ) : (
            <Table rows={shown} />
          )
        }
      </Loaded>
      {party === null && length > PAGE && (
        <div className={styles["row"]}>
          <button
            type="button"
            className="plain"
            disabled={from === 0}
            onClick={() => setFrom(from - PAGE)}
          >
            Back
          </button>
          <span role="status">
            {(from + 1).toLocaleString()} to {Math.min(from + PAGE, length).toLocaleString()} of{" "}
            {length.toLocaleString()}
          </span>
          <button
            type="button"
            className="plain"
            disabled={from + PAGE >= length}
            onClick={() => setFrom(from + PAGE)}
          >
            On
          </button>
        </div>
      )}
    </>
  );
}

function Find({ onFind }: { readonly onFind: (party: string | null) => void }) {
  const [problem, setProblem] = useState("");
  const hint = useId();
  function onSubmit(event: SyntheticEvent<HTMLFormElement>): void {
    event.preventDefault();
    const text = fieldText(event.currentTarget, "party");
    const party = parseAddress(text);
    setProblem(text !== "" && party === null ? "That is not an address." : "");
    onFind(party);
  }
  return (
    <form className={styles["row"]} onSubmit={onSubmit}>
      <label>
        One party (empty: all)
        <input
          name="party"
          autoComplete="off"
          spellCheck={false}
          placeholder="0x…"
          aria-describedby={hint}
        />
      </label>
      <button type="submit">Find</button>
      <span id={hint} role="alert">
        {problem}
      </span>
    </form>
  );
}

function Table({ rows }: { readonly rows: readonly PlacedRow[] }) {
  return (
    <WideTable label="Rows, and what changed since the checkpoint before">
      <thead>
        <tr>
          <th className="number">Place</th>
          <th>Party</th>
          <th className="number">Spent</th>
          <th className="number">Refunded</th>
          <th className="number">Earned</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ place, row, before }) => (
          <tr key={place}>
            <td className="number">{place.toLocaleString()}</td>
            <td>
              <Link to="/parties/$party" params={{ party: row.party }}>
                <Hash hex={row.party} />
              </Link>
            </td>
            {(["spent", "refunded", "earned"] as const).map((name) => (
              <td key={name} className="number">
                <Credits micros={row[name]} />
                <Change by={row[name] - (before?.[name] ?? 0n)} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </WideTable>
  );
}

function Change({ by }: { readonly by: bigint }) {
  if (by === 0n) return null;
  return (
    <span className={by > 0n ? styles["more"] : styles["less"]}>
      {" "}
      {by > 0n ? "+" : ""}
      {creditsText(by)}
    </span>
  );
}
