import type { ServerCheckpoint } from "@compute-credits/client/checkpoints/readServerCheckpoint";
import { Card } from "../../parts/Card.tsx";
import { Moment } from "../../parts/Moment.tsx";
import type { CheckedRows } from "./Recomputed.tsx";

/** What may be contested in court, by which command, and until when. */
export function Contest({
  checkpoint: { status, finalAt, checkpoint },
  checked: { differences },
}: {
  readonly checkpoint: ServerCheckpoint;
  readonly checked: CheckedRows;
}) {
  if (status !== "pending") {
    return (
      <Card title="May it be contested?">
        <p data-contest={status}>
          {status === "final" && finalAt !== null ? (
            <>
              No: it has been final since <Moment at={finalAt} />. What it charges can be settled.
            </>
          ) : status === "prepared" ? (
            "Not yet: it is not on chain. It can be contested from its submission on."
          ) : (
            `No: it was ${status}, and counts for nothing.`
          )}
        </p>
      </Card>
    );
  }
  const { chargedMore, earnedMore, impossible } = differences;
  return (
    <Card title="May it be contested?">
      <p data-contest="pending">
        Yes, until {finalAt === null ? "it is final" : <Moment at={finalAt} />}. Anyone may, with
        the court's stake, which comes back if the challenge stands.
      </p>
      <ul>
        <li>
          {chargedMore.toLocaleString()} {chargedMore === 1 ? "row charges" : "rows charge"} more
          than before. An account that did not sign for as much:{" "}
          <code>npm run credits -- challenge row --account 0x…</code>
        </li>
        <li>
          {earnedMore.toLocaleString()} {earnedMore === 1 ? "row pays" : "rows pay"} a provider more
          than before. A provider whose receipt promises more still:{" "}
          <code>npm run credits -- challenge earnings --receipt FILE</code>
        </li>
        <li>
          {impossible.length === 0
            ? "Nothing in it is impossible by itself."
            : `Rows that cannot be true prove fraud: the court drops checkpoint ${checkpoint.epoch} at once.`}
        </li>
      </ul>
    </Card>
  );
}
