-- What a provider's wallet says of the provider, signed. The latest `issued_at` is in force.
create table provider_profiles (
  provider bytea primary key check (octet_length(provider) = 20),
  -- seconds since 1970, as signed: an older profile changes nothing
  issued_at bigint not null check (issued_at >= 0),
  listed boolean not null,
  name text not null,
  endpoints text[] not null,
  regions text[] not null,
  hardware text[] not null,
  -- empty for none, as signed
  terms text not null,
  signature bytea not null,
  published_at timestamptz not null default clock_timestamp()
);
-- The market reads the listed ones, of which there are at most a thousand.
create index listed_profiles on provider_profiles (provider) where listed;
