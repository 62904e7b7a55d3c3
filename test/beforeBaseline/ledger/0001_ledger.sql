-- The ledger. All amounts are micro-credits; addresses and hashes are raw bytes; all times are the database's.

-- A database belongs to one deployment of the contract, for ever.
create table deployment (
  only_one boolean primary key default true check (only_one),
  chain_id bigint not null,
  contract bytea not null check (octet_length(contract) = 20),
  block_number bigint not null,
  block_hash bytea not null check (octet_length(block_hash) = 32)
);

-- How far the chain has been read; moves in the transaction that applies what was read.
create table chain_cursor (
  only_one boolean primary key default true check (only_one),
  block_number bigint not null,
  block_hash bytea not null check (octet_length(block_hash) = 32),
  block_time timestamptz not null
);

-- One row per account. I1: what is spent, refunded, held and being refunded never exceeds what was purchased.
create table accounts (
  address bytea primary key check (octet_length(address) = 20),
  purchased bigint not null default 0 check (purchased >= 0),
  spent bigint not null default 0 check (spent >= 0),
  held bigint not null default 0 check (held >= 0),
  refunding bigint not null default 0 check (refunding >= 0),
  refunded bigint not null default 0 check (refunded >= 0),
  counter bigint not null default 0 check (counter >= 0),
  constraint never_overspent check (spent + held + refunding + refunded <= purchased)
);

-- Every way of buying, once each: the key is the place of the event on the chain.
create table purchases (
  block_number bigint not null,
  log_index integer not null,
  transaction_hash bytea not null,
  account bytea not null references accounts,
  payer bytea not null,
  amount_micros bigint not null check (amount_micros > 0),
  token_amount numeric(78) not null,
  primary key (block_number, log_index)
);
create index purchases_of_account on purchases (account, block_number);

create table refund_requests (
  block_number bigint not null,
  log_index integer not null,
  transaction_hash bytea not null,
  account bytea not null references accounts,
  requested_micros bigint not null check (requested_micros > 0),
  accepted_micros bigint not null check (accepted_micros between 0 and requested_micros),
  -- the contract saw all that was due in a settled row
  served boolean not null default false,
  primary key (block_number, log_index)
);
create index refund_requests_of_account on refund_requests (account, block_number);
-- the contract lets an account have one open request at a time
create unique index open_refund_requests on refund_requests (account) where not served;

-- What the contract has settled of each party: the last `RowSettled`.
create table settlements (
  party bytea primary key,
  epoch bigint not null,
  spent bigint not null,
  refunded bigint not null,
  earned bigint not null
);

-- Signed permissions to spend. The signed fields never change; state starts at `period_index`.
create table allowances (
  id bytea primary key check (octet_length(id) = 32),
  account bytea not null references accounts,
  spender bytea not null check (octet_length(spender) = 32),
  limit_micros numeric(20) not null,
  period_seconds numeric(20) not null,
  rollover_micros numeric(20) not null,
  starts_at numeric(20) not null,
  expires_at numeric(20) not null,
  priority smallint not null check (priority between 0 and 255),
  scope bytea not null check (octet_length(scope) = 32),
  scope_providers bytea[] not null,
  scope_meters text[] not null,
  account_cap_micros numeric(20) not null,
  counter numeric(20) not null,
  salt numeric(78) not null,
  signature bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  revoked_at timestamptz,
  period_index numeric(20) not null default 0,
  carried_micros numeric(20) not null default 0 check (carried_micros <= rollover_micros),
  period_spent bigint not null default 0 check (period_spent >= 0),
  spent bigint not null default 0 check (spent >= 0),
  constraint never_over_limit check (period_spent <= limit_micros + carried_micros)
);
create index allowances_of_spender on allowances (spender);
create index allowances_of_account on allowances (account, created_at);

-- The keys that providers report usage with: hashes, signed for by the provider's wallet.
create table provider_keys (
  key_hash bytea primary key check (octet_length(key_hash) = 32),
  provider bytea not null check (octet_length(provider) = 20),
  created_at timestamptz not null default clock_timestamp()
);

-- Which provider may bill which spender: the spender showed it its key, or signed for it.
create table provider_access (
  spender bytea not null check (octet_length(spender) = 32),
  provider bytea not null check (octet_length(provider) = 20),
  created_at timestamptz not null default clock_timestamp(),
  primary key (spender, provider)
);

-- Versions of the rate card; never changed, only followed by another.
create table rate_cards (
  version integer primary key check (version > 0),
  effective_from timestamptz not null unique,
  card jsonb not null,
  created_at timestamptz not null default clock_timestamp()
);

-- One row for each allowance that paid for a usage event: `part` 0 alone, unless several had to share the cost.
-- (provider, event_id, 0) is the idempotency key, written in the transaction of the debit.
create table debits (
  provider bytea not null,
  event_id text not null,
  part smallint not null check (part >= 0),
  account bytea not null,
  allowance bytea not null,
  spender bytea not null,
  meter text not null,
  quantity bigint not null check (quantity >= 0),
  dimensions jsonb not null,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null,
  rate_card integer not null,
  amount_micros bigint not null check (amount_micros >= 0),
  fee_micros bigint not null check (fee_micros between 0 and amount_micros),
  payload_hash bytea not null check (octet_length(payload_hash) = 32),
  primary key (provider, event_id, part)
);
create index debits_of_account on debits (account, recorded_at);

-- What providers have earned: the sum over a provider's rows. Each transaction adds to the row of one of the accounts that
-- paid in it, under that account's lock: a busy provider is no bottleneck. A single row tells nothing, and voids may take
-- one below zero.
create table earnings (
  account bytea not null,
  provider bytea not null,
  earned bigint not null,
  primary key (account, provider)
);
create index earnings_of_provider on earnings (provider) include (earned);

-- Checkpoints in the order in which they were cut; a dropped one leaves its epoch to the next.
create table checkpoints (
  id bigint primary key generated always as identity,
  epoch bigint not null check (epoch > 0),
  previous_root bytea not null,
  root bytea not null,
  spent bigint not null,
  refunded bigint not null,
  earned bigint not null,
  as_of bigint not null,
  data_hash bytea not null,
  party_count bigint not null,
  signatures jsonb,
  submitted_block bigint,
  transaction_hash bytea,
  final_at timestamptz,
  dropped boolean not null default false,
  created_at timestamptz not null default clock_timestamp(),
  check (earned <= spent)
);
create unique index one_checkpoint_per_epoch on checkpoints (epoch) where not dropped;

-- A party's place in the tree: given once, kept for ever.
create table places (
  party bytea primary key check (octet_length(party) = 20),
  place bigint not null unique check (place >= 0)
);

-- The rows of the checkpoints, each written only where it changed: the row at a checkpoint is the newest up to it.
create table checkpoint_rows (
  party bytea not null references places,
  checkpoint bigint not null references checkpoints,
  spent bigint not null,
  refunded bigint not null,
  earned bigint not null,
  primary key (party, checkpoint)
);
