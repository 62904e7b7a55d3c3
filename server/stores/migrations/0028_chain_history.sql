-- What the chain settled and when, so that statements and reports can speak of any past day.

-- Every row that the chain settled: cumulative micro-credits, as in `settlements`, which has the
-- newest of each party.
create table settled_rows (
  block_number bigint not null,
  -- below 0 for a row that was the newest when this history began
  log_index integer not null,
  -- null for such a row: its transaction is not known
  transaction_hash bytea,
  party bytea not null check (octet_length(party) = 20),
  epoch bigint not null,
  spent bigint not null,
  refunded bigint not null,
  earned bigint not null,
  -- whole milliseconds, as in purchases; by the block's clock if it was added later
  recorded_at timestamptz not null,
  primary key (block_number, log_index),
  constraint known_if_it_has_a_place check ((log_index >= 0) = (transaction_hash is not null))
);
create index settled_rows_of_party on settled_rows (party, block_number, log_index);

-- What the fee recipient took: micro-credits, and the token's smallest unit.
create table fee_claims (
  block_number bigint not null,
  log_index integer not null,
  transaction_hash bytea not null,
  amount_micros bigint not null check (amount_micros >= 0),
  token_amount numeric(78) not null,
  -- as in settled_rows
  recorded_at timestamptz not null,
  primary key (block_number, log_index)
);

-- The last block whose settlements and claims these tables lack, and when they began. Without a row
-- they have all since the deployment. `npm run reindex` adds what is missing and deletes the row.
create table chain_history_start (
  only_one boolean primary key default true check (only_one),
  block_number bigint not null,
  begun_at timestamptz not null
);

insert into chain_history_start (block_number, begun_at)
select c.block_number, date_trunc('milliseconds', clock_timestamp())
from chain_cursor c cross join deployment d where c.block_number > d.block_number;

insert into settled_rows (block_number, log_index, party, epoch, spent, refunded, earned,
  recorded_at)
select c.block_number, -row_number() over (order by party), party, epoch, spent, refunded, earned,
  '1970-01-01T00:00:00Z'
from settlements cross join chain_cursor c;
