-- Usage events in columns, which are quicker to write than JSON. Times are in milliseconds since
-- 1970. Most events have one charge and no tiers, so that `others` is null.
alter table events rename to older_events;
alter table older_events rename constraint events_pkey to older_events_pkey;

create table events (
  -- the provider, and the event's id
  name text collate "C" primary key,
  recorded_at_ms bigint not null,
  -- when the hold was created that a capture is of; else null
  taken_at_ms bigint,
  -- the first charge
  account bytea not null,
  allowance bytea not null,
  amount_micros bigint not null,
  fee_micros bigint not null,
  -- the further charges, and the tiered usage that it counted
  others jsonb,
  -- the first checkpoint that holds it
  cut bigint not null,
  voided boolean not null
);

insert into events (name, recorded_at_ms, taken_at_ms, account, allowance, amount_micros,
  fee_micros, others, cut, voided)
select name,
  extract(epoch from (body->>'recordedAt')::timestamptz) * 1000,
  extract(epoch from nullif((body->>'takenAt')::timestamptz, (body->>'recordedAt')::timestamptz))
    * 1000,
  decode(substr(body->'charges'->0->>'account', 3), 'hex'),
  decode(substr(body->'charges'->0->>'allowance', 3), 'hex'),
  (body->'charges'->0->>'amountMicros')::bigint,
  (body->'charges'->0->>'feeMicros')::bigint,
  case when jsonb_array_length(body->'charges') > 1 or tiers <> '[]'
    then jsonb_build_object('charges', (body->'charges') - 0, 'tierUnits', tiers) end,
  (body->>'cut')::bigint,
  voided
from older_events cross join lateral (
  -- Older rows count all units for one account.
  select case when body ? 'tierUnits' then body->'tierUnits'
    when jsonb_typeof(body->'use') = 'object'
      then jsonb_build_array(jsonb_build_object('use', body->'use', 'units', body->'quantity'))
    else '[]' end as tiers
) as counted;

drop table older_events;

-- What was seen of the log before a checkpoint held it, in pages. `witnessed` has the entries of
-- those that turned out to differ, and what an older release saw.
create table witnessed_pages (
  id bigint generated always as identity primary key,
  -- the newest cut then; the second one after it must hold the entries
  after_cut bigint not null,
  first_order bigint not null,
  last_order bigint not null,
  oldest_transaction bigint not null,
  entry_count integer not null,
  -- SHA-256 of each entry
  hashes bytea not null,
  -- a JSON array of the entries; it is read only if the log may differ
  entries text not null,
  check (octet_length(hashes) = 32 * entry_count)
);
-- Compression would take longer than all else about a page.
alter table witnessed_pages alter column hashes set storage external,
  alter column entries set storage external;

-- How far the log was seen: see `WitnessPosition`.
create table witness_position (
  only_one boolean primary key default true check (only_one),
  since text,
  up_to text,
  page_cursor text,
  newest_transaction bigint
);
insert into witness_position (newest_transaction)
  select max((body->>'transaction')::bigint) from witnessed;
