import type { Address, Hex } from "viem";

import type { Database } from "@compute-credits/platform/postgres/database";
import type {
  TransactionAttempt,
  TransactionStore,
} from "@compute-credits/platform/chain/transactionStore";
import { bytea } from "@compute-credits/platform/postgres/values";

interface AttemptRecord {
  readonly hash: Hex;
  readonly wallet: Address;
  readonly nonce: bigint;
  readonly call_hash: Hex;
  readonly purpose: string;
  readonly max_fee_per_gas: bigint;
  readonly max_priority_fee_per_gas: bigint;
}

export function createTransactionStore(database: Database): TransactionStore {
  return {
    async record(attempt) {
      await database.query(
        `insert into settler_transactions (hash, wallet, nonce, call_hash, purpose, max_fee_per_gas,
           max_priority_fee_per_gas)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
        [
          bytea(attempt.hash),
          bytea(attempt.wallet),
          attempt.nonce,
          bytea(attempt.callHash),
          attempt.purpose,
          attempt.maxFeePerGas,
          attempt.maxPriorityFeePerGas,
        ],
      );
    },

    async attemptsOf(wallet, nonce) {
      const records = await database.query<AttemptRecord>(
        `select hash, wallet, nonce, call_hash, purpose, max_fee_per_gas, max_priority_fee_per_gas
         from settler_transactions where wallet = $1 and nonce = $2 order by created_at,
           max_fee_per_gas`,
        [bytea(wallet), nonce],
      );
      return records.map(toAttempt);
    },
  };
}

function toAttempt(record: AttemptRecord): TransactionAttempt {
  return {
    hash: record.hash,
    wallet: record.wallet,
    nonce: record.nonce,
    callHash: record.call_hash,
    purpose: record.purpose,
    maxFeePerGas: record.max_fee_per_gas,
    maxPriorityFeePerGas: record.max_priority_fee_per_gas,
  };
}
