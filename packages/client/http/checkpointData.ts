import { MalformedData } from "@compute-credits/protocol/data/malformedData";
import { type TableSummary, readTable } from "@compute-credits/protocol/data/tableFile";
import { ApiProblem } from "../errors/apiProblem.ts";
import { CLIENT_REASONS } from "../errors/clientReasons.ts";
import { CreditsError } from "../errors/creditsError.ts";
import { usable } from "../errors/usable.ts";

/** Milliseconds until a download that has not ended fails. */
const TIMEOUT_MS = 600_000;

/**
 * Downloads a checkpoint's rows from a server or mirror and checks the file as it arrives. The
 * caller compares the resulting root and data hash with the chain. Rejects with `ApiProblem` on a
 * refusal, with `malformed_data` for an invalid file (its `cause` says where), and with
 * `server_unreachable` or `timed_out`.
 */
export async function downloadTable(
  server: string,
  epoch: bigint,
  onRows?: (rows: Uint8Array, firstPlace: number) => void,
): Promise<TableSummary> {
  const to = usable(() => new URL(`/v1/checkpoints/${epoch}/data`, server));
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(to, { signal: timeout });
    if (!response.ok || response.body === null) throw await refusalOf(response);
    return await readTable(response.body, onRows);
  } catch (cause) {
    if (cause instanceof CreditsError) throw cause;
    if (cause instanceof MalformedData) {
      throw new CreditsError(cause.message, { reason: "malformed_data", cause });
    }
    const reason = timeout.aborted ? "timed_out" : "server_unreachable";
    throw new CreditsError(CLIENT_REASONS[reason].meaning, { reason, cause });
  }
}

async function refusalOf(response: Response): Promise<CreditsError> {
  const { status } = response;
  const document: unknown = await response.json().catch(() => null);
  if (typeof document === "object" && document !== null && "reason" in document) {
    return new ApiProblem(status, { ...document });
  }
  const reason = "unexpected_answer";
  return new CreditsError(CLIENT_REASONS[reason].meaning, { reason, status });
}
