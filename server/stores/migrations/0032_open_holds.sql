-- The end of a hold wrote its row and its part whole again, and entered both into their indexes: a
-- quarter of what a hold and its capture cost. Now what indexes need to know of open holds has
-- narrow rows of its own, which are deleted at the end, and the rows of holds change in place (HOT).
create table open_holds (
  spender bytea not null,
  provider bytea not null,
  hold_id text not null,
  expires_at timestamptz not null,
  -- that pays the first part of the first lot; null if it is free
  account bytea,
  -- the limit of open holds counts for each spender and provider
  primary key (spender, provider, hold_id)
);
create index open_holds_of_account on open_holds (account);
insert into open_holds (spender, provider, hold_id, expires_at, account)
  select h.spender, h.provider, h.hold_id, h.expires_at, p.account
  from holds h left join hold_parts p
    on p.provider = h.provider and p.hold_id = h.hold_id and p.part = 0 and p.lot = 0
  where h.resolved_at is null;
drop index open_holds_of_pair;
drop index open_holds_by_expiry;
create index open_holds_by_expiry on open_holds (expires_at);

-- Nearly every hold has one part. The first part of the first lot is in the hold's row, the others
-- stay in `hold_parts`.
alter table holds add column account bytea;
alter table holds add column allowance bytea;
alter table holds add column held_micros bigint not null default 0 check (held_micros >= 0);
-- Room for the changed row of each on the same page.
alter table holds set (fillfactor = 50);
alter table holds add constraint parts_have_payers
  check ((account is null) = (allowance is null) and (account is not null or held_micros = 0));
update holds h set account = p.account, allowance = p.allowance, held_micros = p.held_micros
  from hold_parts p where p.provider = h.provider and p.hold_id = h.hold_id and p.part = 0
    and p.lot = 0;
delete from hold_parts where part = 0 and lot = 0;
alter table hold_parts add constraint first_part_is_in_the_hold check (part > 0 or lot > 0);

-- All parts of all holds, and a row without account for each hold whose first lot is free: left out
-- here, PostgreSQL could not look up the others by hold.
create view hold_payers as
  select provider, hold_id, 0::smallint as part, 0::smallint as lot, account, allowance, held_micros
    from holds
  union all
  select provider, hold_id, part, lot, account, allowance, held_micros from hold_parts;

-- The parts that hold credits, to look up by account.
create view holding_parts as
  select provider, hold_id, h.part, o.account, h.allowance, h.held_micros
    from open_holds o cross join lateral (select 0::smallint as part, allowance, held_micros
      from holds h where h.provider = o.provider and h.hold_id = o.hold_id) h
    where h.held_micros > 0
  union all
  select provider, hold_id, part, account, allowance, held_micros
    from hold_parts where held_micros > 0;

create or replace function webhook_hold_expired() returns trigger language plpgsql as $$
declare
  what jsonb := jsonb_build_object('provider', '0x' || encode(new.provider, 'hex'),
    'holdId', new.hold_id, 'spender', '0x' || encode(new.spender, 'hex'));
begin
  perform webhook_event('hold.expired', 'provider', new.provider, what);
  perform webhook_event('hold.expired', 'account', account, what)
    from (select distinct account from hold_payers
      where provider = new.provider and hold_id = new.hold_id and account is not null) as payers;
  return null;
end $$;
