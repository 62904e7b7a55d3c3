-- What each provider stores is bounded, so that no provider fills the database or a server's memory.
create index provider_keys_of_provider on provider_keys (provider, created_at);

-- How many spenders gave a provider access, revoked ones included: counting the rows would take as
-- long as there are rows.
create table provider_uses (
  provider bytea primary key check (octet_length(provider) = 20),
  spenders bigint not null check (spenders >= 0)
);
insert into provider_uses (provider, spenders)
  select provider, count(*) from provider_access group by provider;
