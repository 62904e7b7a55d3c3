-- Keys with which meters sign evidence, by their addresses.
create table meter_keys (
  provider bytea not null check (octet_length(provider) = 20),
  meter_key bytea not null check (octet_length(meter_key) = 20),
  created_at timestamptz not null default clock_timestamp(),
  revoked_at timestamptz,
  primary key (provider, meter_key)
);

-- What a meter said of an event beside its quantity. No price depends on it. A table of its own, so
-- that an event without evidence writes and reads nothing of it.
create table evidence (
  provider bytea not null,
  event_id text not null,
  meter_key bytea not null,
  -- JSON, as it was signed
  content text not null check (octet_length(content) <= 16384),
  signature bytea not null check (octet_length(signature) = 65),
  -- what the operator's hook found in an attestation token; null if it looked at none
  attested jsonb,
  recorded_at timestamptz not null default clock_timestamp(),
  primary key (provider, event_id),
  foreign key (provider, meter_key) references meter_keys
);
