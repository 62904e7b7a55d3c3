-- Signed top-up policies, and what the keeper did with them. The credits that a top-up bought come
-- into the ledger as every purchase does, from the chain.
create table top_up_policies (
  -- the EIP-712 digest, by which the vault knows it
  id bytea primary key check (octet_length(id) = 32),
  account bytea not null check (octet_length(account) = 20),
  payer bytea not null check (octet_length(payer) = 20),
  keeper bytea not null check (octet_length(keeper) = 20),
  per_top_up bigint not null check (per_top_up > 0),
  per_period bigint not null check (per_period >= per_top_up),
  period_seconds bigint not null check (period_seconds >= 0),
  starts_at bigint not null check (starts_at >= 0),
  expires_at bigint not null check (expires_at > starts_at),
  salt numeric(78) not null check (salt >= 0),
  signature bytea not null,
  below_micros bigint not null check (below_micros > 0),
  runway_below_seconds bigint check (runway_below_seconds > 0),
  target_micros bigint not null check (target_micros >= below_micros + per_top_up),
  added_at timestamptz not null default clock_timestamp(),
  -- whether topping up has begun and has not reached the target
  is_filling boolean not null default false,
  -- how many top-ups were begun: a decision counts only if none was begun since
  begun integer not null default 0 check (begun >= 0),
  checked_at timestamptz not null default '-infinity',
  -- refusals in a row
  refusals integer not null default 0 check (refusals >= 0),
  refused_at timestamptz,
  refusal text check (length(refusal) <= 500),
  retry_at timestamptz not null default '-infinity',
  stopped_at timestamptz,
  stopped_as text check (stopped_as in ('owner', 'revoked', 'expired', 'used_up', 'refusals')),
  check ((stopped_at is null) = (stopped_as is null))
);
create index top_up_policies_of_account on top_up_policies (account, added_at);
create index top_up_policies_by_look on top_up_policies (keeper, checked_at)
  where stopped_at is null;

-- One purchase each. It has one nonce of the keeper's wallet for ever, and a chain mines one
-- transaction with a nonce: so it buys once, whoever sends it and however often.
create table top_ups (
  policy bytea not null references top_up_policies,
  number integer not null check (number > 0),
  wallet bytea not null check (octet_length(wallet) = 20),
  -- null once it ended before anything was sent: another takes the nonce
  nonce bigint check (nonce >= 0),
  begun_at timestamptz not null default clock_timestamp(),
  -- raised before each transaction leaves
  attempts integer not null default 0 check (attempts >= 0),
  sent_at timestamptz,
  state text not null default 'open' check (state in ('open', 'bought', 'refused', 'cancelled')),
  transaction_hash bytea check (octet_length(transaction_hash) = 32),
  block_number bigint,
  ended_at timestamptz,
  primary key (policy, number),
  unique (wallet, nonce),
  check ((state = 'open') = (ended_at is null)),
  check (nonce is not null or (attempts = 0 and state in ('refused', 'cancelled')))
);
create unique index top_ups_open on top_ups (policy) where state = 'open';
create index top_ups_open_of_wallet on top_ups (wallet, nonce) where state = 'open';
