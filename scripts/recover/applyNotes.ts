import type { Sql } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import { ANY_CAMPAIGN } from "@compute-credits/protocol/messages/issuingKey";
import { ruleHash } from "@compute-credits/rules/grants/campaignRule";
import { promotionHash } from "@compute-credits/rules/grants/promotionCode";
import { jsonText } from "@compute-credits/protocol/jsonText";
import type { LogEntry, LogEntryOf } from "@compute-credits/rules/log/logEntry";
import { insertRows } from "./insertRows.ts";

/** Writes entries that are notes, in order, and their effect on a row of their own. */
export async function applyNotes(tx: Sql, entries: readonly LogEntry[]): Promise<void> {
  const notes = entries.map(({ order, transaction, kind, ...body }) => ({
    log_order: order,
    transaction_id: transaction,
    kind,
    body,
  }));
  await insertRows(
    tx,
    "log_notes",
    "log_order bigint, transaction_id bigint, kind text, body jsonb",
    notes,
  );
  for (const entry of entries) {
    // oxlint-disable-next-line no-await-in-loop -- in the order of the log
    await applyNote(tx, entry);
  }
}

/** The log does not say when an allowance, an access or an issuing key ended: it ended before now. */
const ENDED = "coalesce(revoked_at, clock_timestamp())";

/** What holds, refunds and the chain's events do, the replay tells. */
async function applyNote(tx: Sql, entry: LogEntry): Promise<void> {
  switch (entry.kind) {
    case "provider_key":
      await tx.query(
        `insert into provider_keys (key_hash, provider, created_at) values ($1, $2, $3)
         on conflict do nothing`,
        [bytea(entry.keyHash), bytea(entry.provider), entry.at],
      );
      return;
    case "provider_key_end":
      await tx.query(
        // A key that another one replaces may have ended earlier than it was to.
        `update provider_keys set revoked_at = $2
         where key_hash = $1 and (revoked_at is null or revoked_at > $2)`,
        [bytea(entry.keyHash), entry.at],
      );
      return;
    case "provider_approval":
      await tx.query(
        `insert into provider_approvals (provider, approved, issued_at, operator)
           values ($1, $2, $3, $4)
         on conflict (provider) do update set approved = excluded.approved,
           issued_at = excluded.issued_at, operator = excluded.operator
           where provider_approvals.issued_at < excluded.issued_at`,
        [bytea(entry.provider), entry.approved, entry.issuedAt, bytea(entry.operator)],
      );
      return;
    case "hold_extension":
      await applyExtension(tx, entry);
      return;
    case "access_end":
      await tx.query(
        `update provider_access set revoked_at = ${ENDED} where spender = $1 and provider = $2`,
        [bytea(entry.spender), bytea(entry.provider)],
      );
      return;
    case "revocation":
      await tx.query(`update allowance_usage set revoked_at = ${ENDED} where id = $1`, [
        bytea(entry.allowance),
      ]);
      return;
    case "acceptance":
      await tx.query(
        `insert into acceptances (spender, account, accepted, how, signed_at, changed_at)
           values ($1, $2, $3, $4, $5, $6)
         on conflict (spender, account) do update set accepted = excluded.accepted,
           how = excluded.how, signed_at = greatest(acceptances.signed_at, excluded.signed_at),
           changes = acceptances.changes + 1, changed_at = excluded.changed_at
           where acceptances.changed_at < excluded.changed_at`,
        [
          bytea(entry.spender),
          bytea(entry.account),
          entry.accepted,
          entry.how,
          entry.signedAt,
          entry.at,
        ],
      );
      return;
    case "issuing_key":
      await tx.query(
        `insert into issuing_keys (key_hash, account, campaign, counter) values ($1, $2, $3, $4)
         on conflict do nothing`,
        [
          bytea(entry.keyHash),
          bytea(entry.account),
          entry.campaign === ANY_CAMPAIGN ? null : bytea(entry.campaign),
          entry.counter,
        ],
      );
      return;
    case "issuing_key_end":
      await tx.query(`update issuing_keys set revoked_at = ${ENDED} where key_hash = $1`, [
        bytea(entry.keyHash),
      ]);
      return;
    case "code": {
      const { campaign, codeHash, terms, maxRedemptions, issuer, at } = entry;
      await insertRows(
        tx,
        "promotion_codes",
        "campaign bytea, code_hash bytea, terms jsonb, terms_hash bytea, max_redemptions bigint, " +
          "issuer bytea, created_at timestamptz",
        [
          {
            campaign: bytea(campaign),
            code_hash: bytea(codeHash),
            terms,
            terms_hash: bytea(promotionHash({ ...terms, maxRedemptions })),
            max_redemptions: maxRedemptions,
            issuer: issuer === null ? null : bytea(issuer),
            created_at: at,
          },
        ],
      );
      return;
    }
    case "code_end":
      await tx.query(
        `update promotion_codes set closed_at = $3
         where campaign = $1 and code_hash = $2 and closed_at is null`,
        [bytea(entry.campaign), bytea(entry.codeHash), entry.at],
      );
      return;
    case "campaign_rule": {
      const { campaign, terms, issuer, sinceBlock, at } = entry;
      await insertRows(
        tx,
        "campaign_rules",
        "campaign bytea, terms jsonb, terms_hash bytea, max_grants bigint, since_block bigint, " +
          "issuer bytea, set_at timestamptz",
        [
          {
            campaign: bytea(campaign),
            terms,
            terms_hash: bytea(ruleHash(terms)),
            max_grants: terms.maxGrants,
            since_block: sinceBlock,
            issuer: bytea(issuer),
            set_at: at,
          },
        ],
      );
      return;
    }
    case "campaign_rule_end":
      await tx.query(
        "update campaign_rules set closed_at = $2 where campaign = $1 and closed_at is null",
        [bytea(entry.campaign), entry.at],
      );
      return;
    case "passed_block":
      await tx.query(
        `insert into passed_blocks (block_hash, block_number) values ($1, $2)
         on conflict do nothing`,
        [bytea(entry.hash), entry.block],
      );
      return;
    case "receipt":
      await tx.query(
        `insert into earnings_promises (provider, earned, epoch, promised_at)
           values ($1, $2, $3, $4)
         on conflict (provider) do update set earned = excluded.earned, epoch = excluded.epoch,
           promised_at = excluded.promised_at
           where earnings_promises.promised_at < excluded.promised_at`,
        [bytea(entry.provider), entry.earned, entry.epoch, entry.at],
      );
      return;
    case "write_off":
      await tx.query(
        `insert into write_offs (account, payer, amount_micros, written_off_at)
         values ($1, $2, $3, $4)`,
        [bytea(entry.account), bytea(entry.payer), entry.amountMicros, entry.at],
      );
      return;
    default:
  }
}

/** What an extension reserved has entries of its own. */
async function applyExtension(
  tx: Sql,
  { provider, id, extension, ttlSeconds, lines, expiresAt }: LogEntryOf<"hold_extension">,
): Promise<void> {
  const key = [bytea(provider), id];
  await tx.query(
    `insert into hold_extensions (provider, hold_id, extension_id, ttl_seconds, lines)
     values ($1, $2, $3, $4, $5) on conflict do nothing`,
    [...key, extension, ttlSeconds, jsonText(lines)],
  );
  await tx.query(
    `update holds set first_expires_at = coalesce(first_expires_at, expires_at),
       expires_at = greatest(expires_at, $3)
     where provider = $1 and hold_id = $2`,
    [...key, expiresAt],
  );
}
