import { DisagreementError } from "../disagreement.ts";
import { assertEqual } from "./laneChecks.ts";
import type { LaneState, OperationOf } from "./laneState.ts";

/** Registers an issuing key: a new one, a repetition, or one that was revoked. */
export async function addIssuingKey(
  { serverPool, model }: LaneState,
  operation: OperationOf<"issuingKey">,
): Promise<void> {
  const { message } = operation;
  const { output, lost } = await serverPool.call("issuingKey", message);
  const known = model.issuingKeys.get(message.keyHash);
  const expected =
    known === undefined
      ? message.counter === model.account(message.account).counter
        ? "added"
        : "stale_counter"
      : known.isRevoked
        ? "key_revoked"
        : "added";
  const answer = output.result === "added" ? "added" : output.reason;
  assertEqual("a registration of an issuing key", answer, expected, { operation, output });
  if (output.result !== "added") return;
  if (lost === 0) {
    assertEqual("a repeated registration", output.repeated, known !== undefined, { operation });
  }
  model.addIssuingKey(message);
}

export async function endIssuingKey(
  { serverPool, model }: LaneState,
  operation: OperationOf<"endIssuingKey">,
): Promise<void> {
  const { account, keyHash } = operation;
  const { output } = await serverPool.call("endIssuingKey", { account, keyHash });
  const isKnown = model.issuingKeys.has(keyHash);
  if ((output !== null) !== isKnown) {
    throw new DisagreementError("an issuing key is not revoked", { operation, output });
  }
  model.endIssuingKey(keyHash);
}
