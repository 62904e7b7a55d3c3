-- What the ledger does becomes an event of a webhook in the transaction that does it, whichever
-- statement did it (decision 0021). An event that no endpoint wants is not written.

-- The balance's thresholds stand in the account's row, so that a debit decides a crossing with the
-- row that it has: it asks for nothing more. Null: there are none.
alter table accounts add column alert_below bigint;
alter table accounts add column alert_from bigint;

-- The row's lock makes one transaction after the other decide, each with what it commits. A
-- transaction may charge, take back and charge again: only the balance at its end counts.
create function webhook_balance(of_account bytea) returns void language plpgsql as $$
declare
  free bigint;
begin
  select purchased - spent - held - refunding - refunded into free
    from accounts where address = of_account;
  with crossed as (
    update webhook_endpoints set is_low = true
      where party = 'account' and owner = of_account and not is_low and free < low_micros
      returning id, kinds, low_micros
  )
  insert into webhook_events (kind, party, owner, endpoint, body)
    select 'balance.low', 'account', of_account, id, jsonb_build_object(
      'account', '0x' || encode(of_account, 'hex'), 'availableMicros', free::text,
      'belowMicros', low_micros::text)
    from crossed where 'balance.low' = any (kinds);
  update webhook_endpoints set is_low = false
    where party = 'account' and owner = of_account and is_low
      and (low_micros is null or free >= low_micros);
  update accounts set
    alert_below = (select max(low_micros) from webhook_endpoints
      where party = 'account' and owner = of_account and not is_low),
    alert_from = (select min(low_micros) from webhook_endpoints
      where party = 'account' and owner = of_account and is_low)
    where address = of_account;
end $$;

create function webhook_balance_crossed() returns trigger language plpgsql as $$
begin
  perform webhook_balance(new.address);
  return null;
end $$;

create constraint trigger webhook_balance after update on accounts
  deferrable initially deferred for each row
  when (new.purchased - new.spent - new.held - new.refunding - new.refunded < new.alert_below
    or new.purchased - new.spent - new.held - new.refunding - new.refunded >= new.alert_from)
  execute function webhook_balance_crossed();

-- Which percent of which period was told to whom, so that each is told once in a period, unless
-- credits came back in between.
create table webhook_budget_marks (
  endpoint uuid not null references webhook_endpoints on delete cascade,
  allowance bytea not null check (octet_length(allowance) = 32),
  percent smallint not null,
  period_index bigint not null,
  primary key (endpoint, allowance, percent)
);

create function webhook_budget_crossed() returns trigger language plpgsql as $$
declare
  now_used bigint;
  now_room bigint;
  now_period bigint;
  before numeric;
  payer bytea;
  payee bytea;
begin
  select account, spender into payer, payee from signed_allowances where id = new.id;
  perform from webhook_endpoints where party = 'account' and owner = payer
    and budget_percents is not null;
  if not found then return null; end if;
  -- As the transaction leaves it.
  select period_spent, period_room, period_index into now_used, now_room, now_period
    from allowance_usage where id = new.id;
  before := case when old.period_index = now_period then old.period_spent else 0 end;
  delete from webhook_budget_marks where allowance = new.id and period_index = now_period
    and now_used * 100::numeric < now_room * percent::numeric;
  with reached as (
    insert into webhook_budget_marks (endpoint, allowance, percent, period_index)
      select e.id, new.id, p.percent, now_period
      from webhook_endpoints e cross join unnest(e.budget_percents) as p (percent)
      where e.party = 'account' and e.owner = payer and 'budget.reached' = any (e.kinds)
        and now_room > 0 and now_used * 100::numeric >= now_room * p.percent::numeric
        and before * 100 < now_room * p.percent::numeric
      on conflict (endpoint, allowance, percent) do update set period_index = excluded.period_index
        where webhook_budget_marks.period_index <> excluded.period_index
      returning endpoint, percent
  )
  insert into webhook_events (kind, party, owner, endpoint, body)
    select 'budget.reached', 'account', payer, endpoint, jsonb_build_object(
      'account', '0x' || encode(payer, 'hex'), 'allowance', '0x' || encode(new.id, 'hex'),
      'spender', '0x' || encode(payee, 'hex'), 'percent', percent,
      'usedMicros', now_used::text, 'limitMicros', now_room::text)
    from reached;
  return null;
end $$;

-- Looks only when a tenth of the period's room is passed, in either direction, or a period begins:
-- a handful of times in a period, whoever listens.
create constraint trigger webhook_budget after update on allowance_usage
  deferrable initially deferred for each row
  when (old.period_index <> new.period_index
    or floor(10::float8 * old.period_spent / nullif(old.period_room, 0))
      is distinct from floor(10::float8 * new.period_spent / nullif(new.period_room, 0)))
  execute function webhook_budget_crossed();

-- Writes an event for a party, if one of its endpoints names the kind; `for_party` null: everybody's.
create function webhook_event(of_kind text, for_party text, for_owner bytea, what jsonb)
  returns void language sql as $$
  insert into webhook_events (kind, party, owner, body)
  select of_kind, for_party, for_owner, what where exists (
    select from webhook_endpoints where of_kind = any (kinds)
      and (for_party is null or (party = for_party and owner is not distinct from for_owner)))
$$;

create function webhook_hold_expired() returns trigger language plpgsql as $$
declare
  what jsonb := jsonb_build_object('provider', '0x' || encode(new.provider, 'hex'),
    'holdId', new.hold_id, 'spender', '0x' || encode(new.spender, 'hex'));
begin
  perform webhook_event('hold.expired', 'provider', new.provider, what);
  perform webhook_event('hold.expired', 'account', account, what)
    from (select distinct account from hold_parts
      where provider = new.provider and hold_id = new.hold_id) as payers;
  return null;
end $$;

create trigger webhook_hold_expired after update of resolved_as on holds
  for each row when (new.resolved_as = 'expired' and old.resolved_as is null)
  execute function webhook_hold_expired();

create function webhook_checkpoint_body(c checkpoints) returns jsonb language sql stable as $$
  select jsonb_build_object('epoch', c.epoch::text, 'root', '0x' || encode(c.root, 'hex'),
    'spentMicros', c.spent::text, 'refundedMicros', c.refunded::text,
    'earnedMicros', c.earned::text,
    'finalAt', to_char(c.final_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
$$;

create function webhook_checkpoint_moved() returns trigger language plpgsql as $$
begin
  perform webhook_event(
    case when new.dropped then 'checkpoint.dropped' else 'checkpoint.submitted' end,
    null, null, webhook_checkpoint_body(new));
  return null;
end $$;

create trigger webhook_checkpoint_moved after update of submitted_block, dropped on checkpoints
  for each row when (
    (new.submitted_block is distinct from old.submitted_block and not new.dropped)
    or (new.dropped and not old.dropped and new.submitted_block is not null))
  execute function webhook_checkpoint_moved();

create function webhook_refund_moved() returns trigger language plpgsql as $$
declare
  of_kind text := case when new.served then 'refund.paid' else 'refund.due' end;
  what jsonb := jsonb_build_object('account', '0x' || encode(new.account, 'hex'),
    'requestedMicros', new.requested_micros::text, 'requestedAt',
    to_char(new.requested_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'transactionHash', '0x' || encode(new.transaction_hash, 'hex'));
begin
  perform webhook_event(of_kind, 'account', new.account, what);
  perform webhook_event(of_kind, 'operator', null, what);
  return null;
end $$;

create trigger webhook_refund_due after insert on refund_requests
  for each row when (not new.served) execute function webhook_refund_moved();
create trigger webhook_refund_paid after update of served on refund_requests
  for each row when (new.served and not old.served) execute function webhook_refund_moved();

-- Up to which final checkpoint events were written: what the chain's clock alone decides. The row's
-- lock lets one server write at a time.
create table webhook_final (
  only_one boolean primary key default true check (only_one),
  checkpoint bigint not null
);

-- Alarms that are on, by name. An alarm ends when no server has raised it for a while.
create table webhook_alarms (
  name text primary key,
  message text not null,
  seen_at timestamptz not null default clock_timestamp()
);

-- Ends of what owners signed, in the order of time. Grants end with their campaigns' rules.
create index allowances_by_end on signed_allowances (account, expires_at)
  where campaign is null and expires_at > 0;
