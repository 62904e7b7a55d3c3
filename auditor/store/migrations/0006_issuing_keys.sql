-- Keys that issue grants, as the log registered and revoked them.
create table issuing_keys (
  key_hash bytea primary key check (octet_length(key_hash) = 32),
  body jsonb not null
);
