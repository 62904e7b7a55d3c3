-- Webhooks: where the server sends events, what happened, and each delivery of it.

create table webhook_endpoints (
  id uuid primary key default gen_random_uuid(),
  -- whose events it gets: an account's, a provider's, or the operator's
  party text not null check (party in ('account', 'provider', 'operator')),
  -- the account or the provider; null for the operator's
  owner bytea check (octet_length(owner) = 20),
  url text not null check (char_length(url) between 1 and 2000),
  description text not null default '' check (char_length(description) <= 200),
  kinds text[] not null,
  -- encrypted (AES-256-GCM) under a key outside the database, which the id names
  secret bytea not null,
  secret_key text not null,
  -- the secret before a rotation: signs too, until its time is over
  old_secret bytea,
  old_secret_key text,
  old_secret_until timestamptz,
  -- `balance.low` below this; whether the balance is below, so that each crossing is told once
  low_micros bigint check (low_micros > 0),
  is_low boolean not null default false,
  -- `runway.short` below this; the same, as of the last look
  runway_seconds bigint check (runway_seconds > 0),
  is_short boolean not null default false,
  runway_checked_at timestamptz not null default '-infinity',
  -- `budget.reached` at each of these; multiples of 10
  budget_percents smallint[],
  -- `allowance.expiring` so long before the end; ends up to `expiring_until` were told of
  expiring_seconds bigint check (expiring_seconds > 0),
  expiring_until numeric(20) not null default 0,
  -- since when no delivery succeeded; null after a success
  failing_since timestamptz,
  disabled_at timestamptz,
  disabled_as text check (disabled_as in ('gone', 'failing', 'owner')),
  created_at timestamptz not null default clock_timestamp(),
  constraint parties_have_owners check ((party = 'operator') = (owner is null)),
  constraint old_secrets_end check (num_nulls(old_secret, old_secret_key, old_secret_until) in (0, 3)),
  constraint disabled_for_a_reason check ((disabled_at is null) = (disabled_as is null))
);
create index webhook_endpoints_of_owner on webhook_endpoints (owner, created_at);

-- What happened. A row is written in the transaction that makes it happen, so a crash leaves both or
-- neither. Its id is the `webhook-id` of every delivery.
create table webhook_events (
  id uuid primary key default gen_random_uuid(),
  seq bigint not null generated always as identity,
  kind text not null,
  -- whose event it is; all four null: everybody's
  party text check (party in ('account', 'provider', 'operator')),
  owner bytea check (octet_length(owner) = 20),
  -- the only endpoint that it is for, whose threshold was crossed
  endpoint uuid references webhook_endpoints on delete cascade,
  -- what the payload has as `data`
  body jsonb not null,
  occurred_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
  -- whether its deliveries are made
  fanned_out boolean not null default false
);
create index webhook_events_to_fan_out on webhook_events (seq) where not fanned_out;
create index webhook_events_by_time on webhook_events (occurred_at, seq);
create index webhook_events_of_endpoint on webhook_events (endpoint) where endpoint is not null;

create table webhook_deliveries (
  id bigint primary key generated always as identity,
  event uuid not null references webhook_events on delete cascade,
  endpoint uuid not null references webhook_endpoints on delete cascade,
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed')),
  -- a server that sends it counts the attempt first, and sets `next_at` behind the longest time that
  -- it may take: if the server dies, another one sends it again then
  attempts integer not null default 0 check (attempts >= 0),
  next_at timestamptz not null default clock_timestamp(),
  -- of the last attempt: the status of its answer, or why there was none
  last_status integer,
  last_error text check (char_length(last_error) <= 200),
  last_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  unique (event, endpoint)
);
create index webhook_deliveries_waiting on webhook_deliveries (endpoint, next_at)
  where state = 'waiting';
create index webhook_deliveries_of_endpoint on webhook_deliveries (endpoint, id);
