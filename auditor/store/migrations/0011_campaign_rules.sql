-- What the claims of campaigns' rules are checked by: the rules, the claims, and of each party its
-- first day of use, when it first earned, and what its row in the last counting table earned.
create table campaign_rules (
  campaign bytea primary key,
  body jsonb not null
);
create table rule_claims (
  -- campaign and account
  name text primary key,
  grant_id bytea not null
);
create index chain_events_purchases on chain_events ((body->>'account'), block_number, log_index)
  where body->>'type' = 'purchased';

alter table parties
  add column final_earned bigint not null default 0,
  add column first_use_at timestamptz,
  add column first_day_micros bigint,
  add column first_paid_at timestamptz;

-- From the events that were replayed before. A table that was dropped since may have less than this
-- says: no claim of before is refused for it.
update parties set final_earned = earned;
with paid as (
  select account, recorded_at_ms, amount_micros, voided from events
  union all
  select decode(substr(charge->>'account', 3), 'hex'), recorded_at_ms,
    (charge->>'amountMicros')::bigint, voided
  from events, jsonb_array_elements(others->'charges') as charge where others is not null
), first as (
  select account, min(recorded_at_ms) as at from paid group by account
), days as (
  select f.account, f.at, coalesce(sum(p.amount_micros) filter (where not p.voided), 0) as micros
  from first f join paid p on p.account = f.account
    and p.recorded_at_ms / 86400000 = f.at / 86400000
  group by f.account, f.at
)
update parties set first_use_at = to_timestamp(days.at / 1000.0), first_day_micros = days.micros
from days where days.account = parties.address;
update parties set first_paid_at = to_timestamp(first.at / 1000.0)
from (select split_part(name, '/', 1) as provider, min(recorded_at_ms) as at
  from events group by 1) as first
where first.provider = '0x' || encode(parties.address, 'hex');
