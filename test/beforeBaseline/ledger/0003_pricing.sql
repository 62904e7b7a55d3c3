-- Providers publish cards of their own beside the operator's (`provider` null). Versions count through all of them, so
-- that a debit names the card that priced it by a single number.
alter table rate_cards add column provider bytea check (octet_length(provider) = 20);
alter table rate_cards drop constraint rate_cards_effective_from_key;
alter table rate_cards add constraint one_card_at_a_time unique nulls not distinct (provider, effective_from);

-- What each account used of a tiered rate in a calendar month (UTC, of the events' occurrence), in units of the meter.
-- Written with the debit, under the account's lock.
create table tier_usage (
  account bytea not null check (octet_length(account) = 20),
  month text not null check (month ~ '^\d{4}-\d{2}$'),
  rate_key text not null,
  quantity numeric(38) not null check (quantity >= 0),
  primary key (account, month, rate_key)
);

-- How the multipliers of dynamic rates moved, one row for each step. Never changed: the log is what prices are taken from.
create table multiplier_steps (
  provider bytea not null check (octet_length(provider) = 20),
  rate_key text not null,
  step integer not null check (step > 0),
  effective_from timestamptz not null,
  utilisation_bps integer not null check (utilisation_bps between 0 and 10000),
  before_bps bigint not null check (before_bps > 0),
  after_bps bigint not null check (after_bps > 0),
  -- the card whose rule moved it
  rate_card integer not null references rate_cards,
  primary key (provider, rate_key, step)
);
create unique index multiplier_steps_by_time on multiplier_steps (provider, rate_key, effective_from) include (after_bps);

-- What a price depended on besides card, rate and quantity: a multiplier, or the month's usage before. Null for fixed rates.
alter table debits add column price_basis jsonb;

-- The next capture of a hold is priced as what follows these units.
alter table holds add column captured_quantity bigint not null default 0 check (captured_quantity >= 0);
