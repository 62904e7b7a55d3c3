-- When the ledger took in the cursor's block, by the database's clock: on a quiet chain time goes by from there. The chain's own
-- clock may be ahead or behind.
alter table chain_cursor add column seen_at timestamptz not null default clock_timestamp();
update chain_cursor set quiet_at = null;
