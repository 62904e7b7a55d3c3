-- What a write-off is judged by: the party's spending in the last counting table, and when the last
-- of its spending was written off. Of parties stored before, the first is known from their next
-- change on; until then it counts as nothing, so that no right write-off is refused.
alter table parties add column final_spent bigint not null default 0;
alter table parties add column written_off_at timestamptz;
create index chain_events_of_counters on chain_events ((body->>'account'))
  where body->>'type' in ('counter_raised', 'cap_recorded');
create index allowances_of_account on allowances ((body->'message'->>'account'));
