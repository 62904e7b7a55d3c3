-- When the chain was asked and had no block after the cursor's: on a quiet chain, the only way to tell that time goes by.
alter table chain_cursor add column quiet_at timestamptz;
-- The vault is closed, for good.
alter table chain_cursor add column frozen_at timestamptz;

-- By the chain's clock: what takes the epoch again must not claim to be older.
alter table checkpoints add column dropped_at timestamptz;

-- By the chain's clock: the refund window begins here. Unknown for rows from before.
alter table refund_requests add column requested_at timestamptz;

-- Questions to a pending checkpoint, which is not final before all are answered.
create table challenges (
  block_number bigint not null,
  log_index integer not null,
  checkpoint bigint not null references checkpoints,
  account bytea not null check (octet_length(account) = 20),
  challenger bytea not null check (octet_length(challenger) = 20),
  -- the least that the answer's row must show
  spent bigint not null,
  refunded bigint not null,
  earned bigint not null,
  deadline timestamptz not null,
  outcome text check (outcome in ('answered', 'unanswered', 'void')),
  primary key (block_number, log_index)
);
create unique index open_challenges on challenges (checkpoint, account, challenger) where outcome is null;
