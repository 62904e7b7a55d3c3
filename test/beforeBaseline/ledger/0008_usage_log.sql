-- The usage log as an auditor follows it: every entry that moves a number has a place in one order, and says which
-- transaction wrote it.

-- One order over all kinds of entries. Taken under the locks of the accounts that an entry is about, so that for each
-- account it is the order in which things happened to it; between accounts it means nothing. No cache: a session's
-- reserve of numbers would break the order.
create sequence log_order;

-- `transaction_id` tells exactly which entries a checkpoint holds: those whose transaction its snapshot sees. Numbers of
-- transactions are a server's own: a dump that is restored elsewhere begins them anew (docs/auditors.md has the remedy).
alter table debits add column log_order bigint not null default nextval('log_order');
alter table debits add column transaction_id bigint not null default pg_current_xact_id()::text::bigint;
alter table holds add column log_order bigint not null default nextval('log_order');
alter table holds add column transaction_id bigint not null default pg_current_xact_id()::text::bigint;
alter table voids add column log_order bigint not null default nextval('log_order');
alter table voids add column transaction_id bigint not null default pg_current_xact_id()::text::bigint;
alter table allowances add column log_order bigint not null default nextval('log_order');
alter table allowances add column transaction_id bigint not null default pg_current_xact_id()::text::bigint;
alter table provider_access add column log_order bigint not null default nextval('log_order');
alter table provider_access add column transaction_id bigint not null default pg_current_xact_id()::text::bigint;
alter table rate_cards add column log_order bigint not null default nextval('log_order');
alter table rate_cards add column transaction_id bigint not null default pg_current_xact_id()::text::bigint;
alter table multiplier_steps add column log_order bigint not null default nextval('log_order');
alter table multiplier_steps add column transaction_id bigint not null default pg_current_xact_id()::text::bigint;

-- All that moves a number and has no row of its own: how a hold ended, a revocation, the blocks that were taken in, a
-- refund that was served. `body` is what the feed says.
create table log_notes (
  log_order bigint primary key default nextval('log_order'),
  transaction_id bigint not null default pg_current_xact_id()::text::bigint,
  kind text not null check (kind in ('hold_end', 'revocation', 'access_end', 'blocks', 'refund')),
  body jsonb not null
);

-- Both numbers grow with the table, so a page of it tells where others lie: writing costs next to nothing.
create index debits_by_log_order on debits using brin (log_order, transaction_id) with (autosummarize = on);
create index holds_by_log_order on holds using brin (log_order, transaction_id) with (autosummarize = on);
create index voids_by_log_order on voids using brin (log_order, transaction_id) with (autosummarize = on);
create index allowances_by_log_order on allowances (log_order);
create index provider_access_by_log_order on provider_access (log_order);
create index log_notes_by_transaction on log_notes using brin (transaction_id) with (autosummarize = on);

-- What the signer of a spending wallet let a provider do, in its own words. Null for an API key: its holder showed it.
alter table provider_access add column signature bytea;

-- A hold at a price that was quoted before, and until when that quote was good.
alter table holds add column quote_expires_at timestamptz;

-- What the cut saw: its own transaction's snapshot. Null for checkpoints from before there was a log to follow.
alter table checkpoints add column snapshot text;
alter table checkpoints alter column snapshot set default pg_current_snapshot()::text;
