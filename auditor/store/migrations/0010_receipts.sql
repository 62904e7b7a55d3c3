-- What receipts are checked with: what each provider has earned in the log beyond the last agreed
-- checkpoint. A row has the charges of one provider on one page of the log, in arrays of one order,
-- because rows of single charges would take as long to write as all else about a page.
create table earnings_ahead (
  provider bytea not null,
  first_order bigint not null,
  last_order bigint not null,
  oldest_transaction bigint not null,
  newest_transaction bigint not null,
  -- of all its charges
  earned_micros bigint not null,
  ids text[] not null,
  orders bigint[] not null,
  transactions bigint[] not null,
  earned bigint[] not null
);
create index earnings_ahead_of_provider on earnings_ahead (provider, last_order);
create index earnings_ahead_by_order on earnings_ahead (last_order);
-- Compression would take longer than all else about a row.
alter table earnings_ahead alter column ids set storage external,
  alter column orders set storage external, alter column transactions set storage external,
  alter column earned set storage external;

-- Events that were voided beyond it.
create table voids_ahead (
  log_order bigint primary key,
  transaction bigint not null,
  provider bytea not null,
  id text not null
);
create index voids_ahead_of_provider on voids_ahead (provider);

-- Receipts beyond it.
create table receipts_ahead (
  log_order bigint primary key,
  transaction bigint not null,
  provider bytea not null,
  earned bigint not null,
  epoch bigint not null,
  -- this auditor signed it: it signs no checkpoint that pays less
  cosigned boolean not null default false,
  -- the server has the signature, or a later receipt
  sent boolean not null default false
);
create index receipts_ahead_of_provider on receipts_ahead (provider, log_order);

-- What was recorded of the log before is read again: the tables above have nothing of it.
update witness_position set since = null, up_to = null, page_cursor = null;
