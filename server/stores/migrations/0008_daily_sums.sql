-- Sums of the log by UTC day of recording, so that a sum over a year reads no year of debits. A
-- worker adds the log's entries in slices; a void is subtracted from the day of its debits. What
-- the sums hold is told by `roll_up`, entry by entry, so a reader adds exactly what they lack.
create table roll_up (
  only_one boolean primary key default true check (only_one),
  -- PostgreSQL snapshots, as text. The sums hold the entries that `since` sees, and of those that
  -- `up_to` sees the ones with a log order below `next_order`.
  since text not null default '1:1:',
  up_to text not null default '1:1:',
  next_order bigint not null default 0,
  -- the window from `since` to `up_to` ends before this log order
  end_order bigint not null default 0
);

-- What each allowance paid to each provider. An event has one part for each allowance that paid,
-- each with the event's quantity: it counts once for the allowance (parts), once for the account
-- (the first part that the account paid) and once for the provider (part 0).
create table payer_days (
  account bytea not null,
  day date not null,
  provider bytea not null,
  spender bytea not null,
  allowance bytea not null,
  meter text not null,
  parts bigint not null,
  part_quantity numeric(38) not null,
  account_events bigint not null,
  account_quantity numeric(38) not null,
  events bigint not null,
  quantity numeric(38) not null,
  amount_micros bigint not null,
  fee_micros bigint not null,
  primary key (account, day, provider, spender, allowance, meter)
) with (fillfactor = 70);
create index payer_days_of_provider on payer_days (provider, day);

-- The same by provider and meter alone: a provider may have more payers than days.
create table provider_days (
  provider bytea not null,
  day date not null,
  meter text not null,
  parts bigint not null,
  events bigint not null,
  quantity numeric(38) not null,
  amount_micros bigint not null,
  fee_micros bigint not null,
  primary key (provider, day, meter)
) with (fillfactor = 70);
create index provider_days_by_day on provider_days (day);
