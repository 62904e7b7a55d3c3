-- What spending changes of an allowance, apart from what was signed, which is many times as wide: a debit rewrites the row
-- that it changes, whole, and checks all of that row's constraints again.
create table allowance_usage (
  id bytea primary key,
  -- signed, too: here because the others need them
  limit_micros numeric(20) not null,
  rollover_micros numeric(20) not null,
  revoked_at timestamptz,
  period_index bigint not null default 0,
  carried_micros numeric(20) not null default 0 check (carried_micros <= rollover_micros),
  -- what may be spent in the period: as much of it as fits into the column, which is more than there can be credits
  period_room bigint generated always as (least(limit_micros + carried_micros, 9223372036854775807)::bigint) stored,
  period_spent bigint not null default 0 check (period_spent >= 0),
  spent bigint not null default 0 check (spent >= 0),
  constraint never_over_limit check (period_spent <= period_room)
) with (fillfactor = 70);
insert into allowance_usage (id, limit_micros, rollover_micros, revoked_at, period_index, carried_micros, period_spent, spent)
  select id, limit_micros, rollover_micros, revoked_at, period_index, carried_micros, period_spent, spent from allowances;

alter table allowances
  drop constraint never_over_limit,
  drop column limit_micros, drop column rollover_micros, drop column revoked_at, drop column period_index,
  drop column carried_micros, drop column period_spent, drop column spent;
alter table allowances rename to signed_allowances;
alter table signed_allowances reset (fillfactor);
alter table allowance_usage add foreign key (id) references signed_allowances;

-- Both, to be read.
create view allowances as select * from signed_allowances join allowance_usage using (id);
