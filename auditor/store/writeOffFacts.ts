import type { Address } from "viem";

import { isEcdsaSignature } from "@compute-credits/protocol/messages/signatureCheck";
import type { LogEntry } from "@compute-credits/rules/log/logEntry";
import { AuditedChainEvent, StoredAllowance } from "@compute-credits/rules/log/storedJson";
import { textArray } from "@compute-credits/platform/postgres/values";
import type { Sql } from "@compute-credits/platform/postgres/database";
import type { WriteOffFacts } from "../replay/writeOffFacts.ts";

/** Loads the facts about all accounts that the page's write-offs name. Usually there are none. */
export async function loadWriteOffFacts(
  sql: Sql,
  entries: readonly LogEntry[],
): Promise<ReadonlyMap<Address, WriteOffFacts>> {
  const accounts = new Set(
    entries.flatMap((entry) => (entry.kind === "write_off" ? [entry.account, entry.payer] : [])),
  );
  if (accounts.size === 0) return new Map();
  const names = textArray([...accounts]);
  const stored = await sql.query<{ body: unknown }>(
    "select body from allowances where body->'message'->>'account' = any($1::text[]) and is_signed",
    [names],
  );
  const ofPage = entries.flatMap((entry) =>
    entry.kind === "allowance" && accounts.has(entry.message.account)
      ? { ...entry, campaign: null }
      : [],
  );
  const allowances = [...stored.map(({ body }) => StoredAllowance.parse(body)), ...ofPage].filter(
    ({ campaign }) => campaign === null,
  );
  const byKey = await Promise.all(
    allowances.map(({ id, message, signature }) =>
      isEcdsaSignature(message.account, id, signature),
    ),
  );
  const events = await sql.query<{ body: unknown }>(
    `select body from chain_events where body->>'account' = any($1::text[])
       and body->>'type' in ('counter_raised', 'cap_recorded') order by block_number, log_index`,
    [names],
  );
  const onChain = events.map(({ body }) => AuditedChainEvent.parse(body));

  return new Map(
    [...accounts].map((account) => [
      account,
      {
        signed: allowances
          .filter(({ message }, index) => message.account === account && byKey[index])
          .map(({ message, createdAt }) => ({
            counter: message.counter,
            capMicros: message.accountCap,
            createdAt,
          })),
        onChain: onChain.flatMap((event) => {
          if (!("account" in event) || event.account !== account) return [];
          const { blockNumber } = event;
          switch (event.type) {
            case "counter_raised":
              return {
                blockNumber,
                counter: event.counter,
                is: { raisedAt: event.blockTime },
              };
            case "cap_recorded":
              return {
                blockNumber,
                counter: event.counter,
                is: { capMicros: event.accountCapMicros },
              };
            default:
              return [];
          }
        }),
      },
    ]),
  );
}
