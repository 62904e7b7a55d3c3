import type { Address } from "viem";

import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import { writeNotes } from "../log/writeNotes.ts";
import type { ApprovalPolicy, ApprovalStore, ProviderApproval } from "./approvalStore.ts";
import { countRevocation } from "./countRevocation.ts";

/** On chains that only this machine has, nobody has to approve. */
export function createApprovalStore(database: Database, policy: ApprovalPolicy): ApprovalStore {
  return {
    async decide({ provider, approved, issuedAt, operator, signature }) {
      const known = await readApproval(database, provider);
      if (known !== null && known.issuedAt >= issuedAt) return known;
      return await database.transaction(async (tx) => {
        const changed = await tx.query(
          `insert into provider_approvals (provider, approved, issued_at, operator)
             values ($1, $2, $3, $4)
           on conflict (provider) do update set approved = excluded.approved,
             issued_at = excluded.issued_at, operator = excluded.operator
             where provider_approvals.issued_at < excluded.issued_at
           returning provider`,
          [bytea(provider), approved, issuedAt, bytea(operator)],
        );
        if (changed.length > 0) {
          await writeNotes(tx, [
            { kind: "provider_approval", provider, approved, issuedAt, operator, signature },
          ]);
          // Servers remember whom a key belongs to, with the approval.
          await countRevocation(tx);
        }
        const stored = await readApproval(tx, provider);
        if (stored === null) throw new Error(`the approval of ${provider} is missing`);
        return stored;
      });
    },

    find: (provider) => readApproval(database, provider),

    async isApproved(provider) {
      const decided = await readApproval(database, provider);
      return decided?.approved ?? policy === "automatic";
    },
  };
}

async function readApproval(sql: Sql, provider: Address): Promise<ProviderApproval | null> {
  // Plan: provider_approvals by primary key.
  const [found] = await sql.query<ProviderApproval>(
    `select provider, approved, issued_at as "issuedAt", operator from provider_approvals
     where provider = $1`,
    [bytea(provider)],
  );
  return found ?? null;
}
