-- A hold has lines, each for its own work, and an extension can add units to a line. What was
-- reserved together at one rate is a lot. The first lot of a hold is in `holds` itself, so that a
-- hold of one line takes no row more than before; `lots` counts all of them.
alter table holds add column line text not null default 'main';
alter table holds add column lots smallint not null default 1 check (lots between 1 and 100);
-- The end before the first extension, which the log has; null if there was none.
alter table holds add column first_expires_at timestamptz;
-- An explanation looks for holds that were open at a time, and extended ones may be old.
create index extended_holds_of_spender on holds (spender, expires_at)
  where first_expires_at is not null;

-- The further lots. A line has the same work in each of its lots.
create table hold_lots (
  provider bytea not null,
  hold_id text not null,
  -- 1 is the second lot of the hold
  lot smallint not null check (lot between 1 and 99),
  line text not null,
  meter text not null,
  dimensions jsonb not null,
  quantity bigint not null check (quantity >= 0),
  -- the price when it was reserved, which its captures are charged at
  rate jsonb not null,
  held_at timestamptz not null,
  captured_micros bigint not null default 0 check (captured_micros >= 0),
  captured_quantity bigint not null default 0 check (captured_quantity >= 0),
  log_order bigint not null default nextval('log_order'),
  transaction_id bigint not null default pg_current_xact_id()::text::bigint,
  primary key (provider, hold_id, lot)
) with (fillfactor = 70);
create index hold_lots_by_log_order on hold_lots using brin (log_order, transaction_id)
  with (autosummarize = on);

-- Parts are numbered over all lots of a hold.
alter table hold_parts add column lot smallint not null default 0 check (lot between 0 and 99);

-- The line that a capture is of; null for the only line of a hold whose request named none.
alter table captures add column line text;

-- Extensions that were made, so that each is made once. What they did is in the log.
create table hold_extensions (
  provider bytea not null,
  hold_id text not null,
  extension_id text not null,
  -- seconds from then until the hold ends at the earliest; null if it asked for no time
  ttl_seconds integer,
  -- JSON: the lines and their added units, as the log has them
  lines jsonb not null,
  primary key (provider, hold_id, extension_id)
);

alter table log_notes drop constraint log_notes_kind_check;
alter table log_notes add constraint log_notes_kind_check check (kind in ('hold_end',
  'hold_extension', 'revocation', 'access_end', 'blocks', 'refund', 'receipt', 'write_off',
  'issuing_key', 'issuing_key_end', 'rule', 'provider_approval', 'acceptance', 'missed_events',
  'passed_block', 'provider_key', 'provider_key_end', 'code', 'code_end', 'checkpoint',
  'campaign_rule', 'campaign_rule_end', 'rule_claim'));
