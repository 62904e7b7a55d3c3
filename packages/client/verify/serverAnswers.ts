import type { Address } from "viem";

import type { TableSummary } from "@compute-credits/protocol/data/tableFile";
import type { Credentials } from "../http/api.ts";
import { downloadTable } from "../http/checkpointData.ts";
import {
  type Balance,
  type ProvenRow,
  type ShownAllowance,
  createMeteringClient,
} from "../http/meteringClient.ts";

/** The answers of a server or mirror. The verification trusts none of them. */
export interface ServerAnswers {
  /** what only the account's own credentials show; `null` without any: it is not checked */
  readonly own: OwnAnswers | null;
  proof(account: Address): Promise<ProvenRow>;
  table(epoch: bigint, onRows: (rows: Uint8Array) => void): Promise<TableSummary>;
}

export interface OwnAnswers {
  balance(
    account: Address,
  ): Promise<Pick<Balance, "purchasedMicros" | "spentMicros" | "asOfBlock">>;
  allowances(account: Address): Promise<readonly ShownAllowance[]>;
}

/**
 * Creates a source of answers from the server at `url`. With a view key, or other credentials of the
 * account, it also gives what is the account's own.
 */
export function createServerAnswers(url: string, credentials: Credentials = {}): ServerAnswers {
  const server = createMeteringClient(url, credentials);
  const isOwn = credentials.key !== undefined || credentials.authorization !== undefined;
  return {
    own: isOwn
      ? {
          balance: (account) => server.balance(account),
          allowances: (account) => server.allowances(account),
        }
      : null,
    proof: (account) => server.proof(account),
    table: (epoch, onRows) => downloadTable(url, epoch, onRows),
  };
}
