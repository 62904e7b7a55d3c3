import { ApiProblem } from "./api.ts";
import { type TableSummary, readTable } from "@compute-credits/protocol/data/tableFile";

/**
 * Downloads a checkpoint's rows from a server or mirror and checks the file as it arrives. The
 * caller compares the resulting root and data hash with the chain. Rejects with `ApiProblem` on a
 * refusal and with `MalformedData` for an invalid file.
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
