-- The last receipt that each provider was given: what it had earned, and the first epoch that shows it. What was recorded
-- before can't be taken back any more, so a later promise never says less.
create table earnings_promises (
  provider bytea primary key check (octet_length(provider) = 20),
  earned bigint not null check (earned >= 0),
  epoch bigint not null check (epoch > 0),
  promised_at timestamptz not null default clock_timestamp()
);
