-- Credits set aside before the work is done, and usage events taken back.

-- Asked back while it was on hold: goes to `refunding` as soon as it is free, before anything else may use it.
alter table accounts add column refund_waiting bigint not null default 0 check (refund_waiting between 0 and held);

create table holds (
  provider bytea not null,
  hold_id text not null,
  spender bytea not null check (octet_length(spender) = 32),
  meter text not null,
  dimensions jsonb not null,
  quantity bigint not null check (quantity >= 0),
  -- the price that is charged, whatever the cards say later
  rate jsonb not null,
  request_hash bytea not null check (octet_length(request_hash) = 32),
  created_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > created_at),
  captured_micros bigint not null default 0 check (captured_micros >= 0),
  resolved_as text check (resolved_as in ('captured', 'released', 'expired')),
  resolved_at timestamptz,
  primary key (provider, hold_id),
  check ((resolved_as is null) = (resolved_at is null))
);
create index open_holds_by_expiry on holds (expires_at) where resolved_as is null;
create index open_holds_of_spender on holds (spender) where resolved_as is null;

-- What each allowance holds ready. Written under the lock of its account.
create table hold_parts (
  provider bytea not null,
  hold_id text not null,
  part smallint not null check (part >= 0),
  account bytea not null,
  allowance bytea not null,
  held_micros bigint not null check (held_micros >= 0),
  primary key (provider, hold_id, part),
  foreign key (provider, hold_id) references holds
);
create index open_hold_parts_of_account on hold_parts (account) where held_micros > 0;

-- Usage events that their provider took back. The debits stay in the log.
create table voids (
  provider bytea not null,
  event_id text not null,
  amount_micros bigint not null check (amount_micros >= 0),
  voided_at timestamptz not null default clock_timestamp(),
  primary key (provider, event_id)
);

-- No earlier than the snapshot: what was recorded after it is in no checkpoint yet.
alter table checkpoints add column cut_at timestamptz not null default clock_timestamp();
