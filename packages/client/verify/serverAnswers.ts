import type { Address } from "viem";

import type { TableSummary } from "@compute-credits/protocol/data/tableFile";
import { downloadTable } from "../http/checkpointData.ts";
import {
  type Balance,
  type ProvenRow,
  type ShownAllowance,
  createMeteringClient,
} from "../http/meteringClient.ts";

/** The answers of a server or mirror. The verification trusts none of them. */
export interface ServerAnswers {
  balance(
    account: Address,
  ): Promise<Pick<Balance, "purchasedMicros" | "spentMicros" | "asOfBlock">>;
  allowances(account: Address): Promise<readonly ShownAllowance[]>;
  proof(account: Address): Promise<ProvenRow>;
  table(epoch: bigint, onRows: (rows: Uint8Array) => void): Promise<TableSummary>;
}

/** Creates a source of answers from the server at `url`. */
export function createServerAnswers(url: string): ServerAnswers {
  const server = createMeteringClient(url);
  return {
    balance: (account) => server.balance(account),
    allowances: (account) => server.allowances(account),
    proof: (account) => server.proof(account),
    table: (epoch, onRows) => downloadTable(url, epoch, onRows),
  };
}
