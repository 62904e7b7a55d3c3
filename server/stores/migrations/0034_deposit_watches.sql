-- Deposit addresses that a server looks at. Nothing here is money: what is at an address stands on
-- the chain, and a watch only says that somebody sweeps it.
create table deposit_watches (
  account bytea primary key check (octet_length(account) = 20),
  watched_until timestamptz not null,
  -- the look that is next due: the oldest first
  checked_at timestamptz not null default '-infinity',
  swept_at timestamptz,
  refused_at timestamptz,
  refusal text check (length(refusal) <= 500),
  -- one that the chain refused waits alone
  refusals integer not null default 0 check (refusals >= 0),
  retry_at timestamptz not null default '-infinity'
);
create index deposit_watches_by_look on deposit_watches (checked_at);
create index deposit_watches_by_end on deposit_watches (watched_until);
