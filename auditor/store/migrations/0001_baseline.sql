-- The auditor's schema: the first migration. It never changes; later changes get their own files.
--
-- The auditor's own reading of the chain and of the log, and what it made of them. It can make all
-- of it again from both, except `signatures` (what it signed) and `witnessed` (what it saw early).
-- Amounts are whole micro-credits. Addresses, hashes and signatures are raw bytes. A table with the
-- key `only_one` has one row.


-- The deployment and the chain

-- The one deployment that this database belongs to, for ever, and the terms that the operator
-- announced when the auditor began.
create table deployment (
  only_one boolean primary key default true check (only_one),
  chain_id bigint not null,
  contract bytea not null,
  -- of the block that the contract was deployed in
  block_hash bytea not null,
  fee_bps bigint not null,
  max_quote_seconds integer not null
);

-- The newest block that the auditor has read.
create table chain_cursor (
  only_one boolean primary key default true check (only_one),
  block_number bigint not null,
  block_hash bytea not null,
  -- by the chain's clock
  block_time timestamptz not null
);

-- The contract's events that the replay needs, by their position on the chain.
create table chain_events (
  block_number bigint not null,
  log_index integer not null,
  body jsonb not null,
  primary key (block_number, log_index)
);
create index chain_events_dropped on chain_events (block_number)
  where body->>'type' = 'checkpoint_dropped';


-- The replayed state

-- How far the log has been replayed: the newest checkpoint, and the newest block that it applied.
create table position (
  only_one boolean primary key default true check (only_one),
  cut bigint not null,
  applied_block bigint not null
);

-- The numbers of each account and provider, and its leaf in the tree. `place` is null until a
-- checkpoint has the party's row.
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
  -- the checkpoint that changed it last
  changed_in bigint not null
);
create index parties_with_refunds on parties (address) where refunding > 0;
create index parties_without_place on parties (address) where place is null;
create index parties_by_change on parties (changed_in);

-- The root of each 4,096 rows of the tree.
create table sections (
  index bigint primary key,
  node bytea not null
);

create table allowances (
  id bytea primary key,
  spender bytea not null,
  -- what was signed
  body jsonb not null,
  -- whether the signature is the account owner's
  is_signed boolean not null,
  revoked boolean not null,
  period_index numeric(20) not null,
  carried numeric(20) not null,
  period_spent bigint not null,
  spent bigint not null
);
create index allowances_of_spender on allowances (spender);

-- Which provider may bill which spender; `name` has both.
create table access (
  name text primary key,
  created_at timestamptz not null,
  ended boolean not null
);

-- Rate cards: the operator's have no provider.
create table cards (
  version integer primary key,
  provider bytea,
  effective_from timestamptz not null,
  rates jsonb not null,
  created_at timestamptz not null
);

-- Steps of the multipliers of dynamic rates; `name` has the provider and the rate.
create table steps (
  name text not null,
  step integer not null,
  effective_from timestamptz not null,
  body jsonb not null,
  primary key (name, step)
);
create index steps_by_time on steps (effective_from);

-- How much each account used of a tiered rate in a calendar month (UTC).
create table tiers (
  key text primary key,
  account text not null,
  use jsonb not null,
  -- in units of the meter
  units numeric(38) not null
);
create index tiers_of_account on tiers (account);

-- Holds; `name` has the provider and the hold's id.
create table holds (
  name text primary key,
  body jsonb not null
);

-- Usage events, so that none counts twice; `name` has the provider and the event's id.
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
  -- what the cut saw: a snapshot of the ledger's database
  snapshot text not null,
  message jsonb not null,
  entries bigint not null
);

-- The last receipt of each provider: every checkpoint from `epoch` on pays `earned`, and no event
-- that was recorded until `given_at` is voided.
create table receipts (
  provider bytea primary key,
  earned bigint not null,
  epoch bigint not null,
  given_at timestamptz not null
);


-- What the auditor says

-- What the auditor signed, written before a signature leaves: it signs one root for each epoch.
create table signatures (
  cut bigint primary key,
  epoch bigint not null,
  root bytea not null,
  signature bytea not null,
  -- the server has taken it
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

-- Log entries that were seen before a checkpoint held them. The second one after `after_cut` must.
create table witnessed (
  name text primary key,
  log_order bigint not null,
  hash bytea not null,
  body jsonb not null,
  after_cut bigint not null
);
