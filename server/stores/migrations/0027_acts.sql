-- Administrative acts: which request changed what, when and from where. Written in the transaction
-- of the change, once for each request. `account` and `provider` are the parties it is about.
create table acts (
  id bigint generated always as identity primary key,
  -- of one request, which may change things in several transactions
  request uuid not null unique,
  at timestamptz not null default clock_timestamp(),
  -- the route's id
  act text not null,
  actor_kind text not null,
  actor text,
  account bytea check (octet_length(account) = 20),
  provider bytea check (octet_length(provider) = 20),
  client_address text not null,
  details jsonb not null
);
create index acts_of_account on acts (account, id) where account is not null;
create index acts_of_provider on acts (provider, id) where provider is not null;

create function refuse_change_of_acts() returns trigger language plpgsql as $$
begin
  raise exception 'acts are only ever added';
end $$;
create trigger acts_are_only_added before update or delete on acts
  for each statement execute function refuse_change_of_acts();
