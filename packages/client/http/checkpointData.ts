import { ApiProblem } from "./api.ts";
import { type TableSummary, readTable } from "@compute-credits/protocol/data/tableFile";

/**
 * Downloads the rows of a checkpoint from a server or a mirror, checking them as they arrive. What they lead to is for the
 * caller to compare with the chain. Rejects with an `ApiProblem` where the server refuses, with `MalformedData` where the
 * file is not what it should be.
 */
export async function downloadTable(
  server: string,
  epoch: bigint,
  onRows?: (rows: Uint8Array, firstPlace: number) => void,
): Promise<TableSummary> {
  const response = await fetch(new URL(`/v1/checkpoints/${epoch}/data`, server));
  if (!response.ok || response.body === null) {
    const document: unknown = await response.json().catch(() => ({}));
    const fields = typeof document === "object" && document !== null ? document : {};
    throw new ApiProblem(response.status, { ...fields });
  }
  return await readTable(response.body, onRows);
}
