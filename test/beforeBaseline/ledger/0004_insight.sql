-- Reading the books. Nothing that moves credits depends on what is here.

-- A provider's part of the log, newest first; an account's part has debits_of_account.
create index debits_of_provider on debits (provider, recorded_at);

-- Everybody's debits of some days, for the operator's report. The log grows in the order of time, so a few pages tell where a
-- day lies, and writing costs next to nothing.
create index debits_by_time on debits using brin (recorded_at);

-- The hold that a debit was captured from: one of its spender's, made shortly before.
create index holds_of_spender on holds (spender, created_at);

-- When the ledger took in a purchase or a refund request, in whole milliseconds as debits have it. The default is reckoned
-- under the account's lock, so it is in the order of what happened to the account. Unknown for rows from before.
alter table purchases add column recorded_at timestamptz;
alter table purchases alter column recorded_at set default date_trunc('milliseconds', clock_timestamp());
alter table refund_requests add column recorded_at timestamptz;
alter table refund_requests alter column recorded_at set default date_trunc('milliseconds', clock_timestamp());
