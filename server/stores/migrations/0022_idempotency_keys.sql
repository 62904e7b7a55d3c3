-- Keys of requests that are answered once (`Idempotency-Key`), and their answers. `caller` is a hash
-- of the credentials or of the signed body, `fingerprint` of method, path and body. `holder` is the
-- party whose number of keys is bounded. A row is leased while a server works on the request.
create table idempotency_keys (
  caller bytea not null check (octet_length(caller) = 32),
  key text not null check (length(key) between 1 and 255),
  fingerprint bytea not null check (octet_length(fingerprint) = 32),
  holder bytea not null check (octet_length(holder) = 32),
  lease uuid not null,
  leased_until timestamptz not null,
  -- set in the transaction of the request's effect
  applied boolean not null default false,
  -- the answer; null while there is none, or if it is not kept
  status smallint check (status between 200 and 499),
  content_type text,
  body text,
  -- in place of an answer that holds a secret: the id of what was made
  made_id text check (made_id is null or status is null),
  created_at timestamptz not null default clock_timestamp(),
  primary key (caller, key),
  check ((status is null) = (content_type is null) and (status is null) = (body is null))
);
create index idempotency_keys_of_holder on idempotency_keys (holder);
create index idempotency_keys_by_age on idempotency_keys (created_at);
