-- What an auditor knows: its own reading of the chain and of the log, and what it made of them. Amounts are micro-credits.

-- An auditor's database belongs to one deployment, for ever; and to the terms that the operator announced when it began.
create table deployment (
  only_one boolean primary key default true check (only_one),
  chain_id bigint not null,
  contract bytea not null,
  block_hash bytea not null,
  fee_bps bigint not null,
  max_quote_seconds integer not null
);

create table chain_cursor (
  only_one boolean primary key default true check (only_one),
  block_number bigint not null,
  block_hash bytea not null,
  block_time timestamptz not null
);

create table chain_events (
  block_number bigint not null,
  log_index integer not null,
  body jsonb not null,
  primary key (block_number, log_index)
);

create index chain_events_dropped on chain_events (block_number) where body->>'type' = 'checkpoint_dropped';

-- How far the log has been replayed.
create table position (
  only_one boolean primary key default true check (only_one),
  cut bigint not null,
  applied_block bigint not null
);

create table parties (
  address bytea primary key,
  purchased bigint not null,
  spent bigint not null,
  held bigint not null,
  refunding bigint not null,
  refund_waiting bigint not null,
  refunded bigint not null,
  counter bigint not null,
  earned bigint not null,
  place bigint unique,
  -- the cut that changed it last
  changed_in bigint not null
);
create index parties_with_refunds on parties (address) where refunding > 0;
create index parties_without_place on parties (address) where place is null;
create index parties_by_change on parties (changed_in);

-- The root of each 4,096 rows.
create table sections (
  index bigint primary key,
  node bytea not null
);

create table allowances (
  id bytea primary key,
  spender bytea not null,
  body jsonb not null,
  is_signed boolean not null,
  revoked boolean not null,
  period_index numeric(20) not null,
  carried numeric(20) not null,
  period_spent bigint not null,
  spent bigint not null
);
create index allowances_of_spender on allowances (spender);

create table access (
  name text primary key,
  created_at timestamptz not null,
  ended boolean not null
);

create table cards (
  version integer primary key,
  provider bytea,
  effective_from timestamptz not null,
  rates jsonb not null,
  created_at timestamptz not null
);

create table steps (
  name text not null,
  step integer not null,
  effective_from timestamptz not null,
  body jsonb not null,
  primary key (name, step)
);
create index steps_by_time on steps (effective_from);

create table tiers (
  key text primary key,
  account text not null,
  use jsonb not null,
  units numeric(38) not null
);
create index tiers_of_account on tiers (account);

create table holds (
  name text primary key,
  body jsonb not null
);

create table events (
  name text primary key,
  body jsonb not null,
  amount_micros bigint not null,
  voided boolean not null
);

-- Checkpoints that could be reproduced.
create table cuts (
  id bigint primary key,
  epoch bigint not null,
  root bytea not null,
  snapshot text not null,
  message jsonb not null,
  entries bigint not null
);

-- Written before a signature leaves.
create table signatures (
  cut bigint primary key,
  epoch bigint not null,
  root bytea not null,
  signature bytea not null,
  sent boolean not null default false
);

create table findings (
  n bigint primary key generated always as identity,
  cut bigint not null,
  epoch bigint not null,
  found_at timestamptz not null default clock_timestamp(),
  body jsonb not null
);
create index findings_of_cut on findings (cut);

-- Entries that were seen before a checkpoint held them, and after which cut: the next but one must.
create table witnessed (
  name text primary key,
  log_order bigint not null,
  hash bytea not null,
  body jsonb not null,
  after_cut bigint not null
);
