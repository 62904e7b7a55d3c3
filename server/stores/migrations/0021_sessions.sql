-- Sessions of wallets that signed in. Only the SHA-256 of a token is kept, so nobody who reads this
-- table can use it. A session that ended is deleted.
create table sessions (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  address bytea not null check (octet_length(address) = 20),
  -- what the wallet's program calls itself, cut off
  label text not null check (char_length(label) <= 200),
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  -- written some minutes late, and not for every request
  used_at timestamptz not null default clock_timestamp()
);
create index sessions_of_address on sessions (address, used_at);
create index sessions_by_expiry on sessions (expires_at);

-- Nonces that signed somebody in, until their messages are too old anyway. Nonces that were only
-- handed out are not stored: each carries a code that the servers of this database can check.
create table used_nonces (
  nonce bytea primary key check (octet_length(nonce) = 16),
  expires_at timestamptz not null
);
create index used_nonces_by_expiry on used_nonces (expires_at);

-- What the servers of this database make those codes with.
create table nonce_secret (
  only_one boolean primary key default true check (only_one),
  secret bytea not null check (octet_length(secret) = 32)
);
insert into nonce_secret (secret)
  values (sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'utf8')));

-- Keys that read what an account's owner may read: hashes, registered by the owner. A revoked key
-- stays revoked, because a signature that registered it could be shown again.
create table view_keys (
  key_hash bytea primary key check (octet_length(key_hash) = 32),
  account bytea not null check (octet_length(account) = 20),
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  revoked_at timestamptz
);
create index view_keys_of_account on view_keys (account, created_at);
create index view_keys_by_expiry on view_keys (expires_at);

-- What owners wrote beside their keys of any kind, and when a key was last used: written some
-- minutes late, so that no request waits for it.
create table key_details (
  key_hash bytea primary key check (octet_length(key_hash) = 32),
  label text not null default '' check (char_length(label) <= 64),
  used_at timestamptz
);
