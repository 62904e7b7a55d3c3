-- Keys that issue grants and codes for an account: hashes, registered by the owner's signature. A
-- revoked key stays revoked, because the signature that registered it could be shown again.
create table issuing_keys (
  key_hash bytea primary key check (octet_length(key_hash) = 32),
  account bytea not null check (octet_length(account) = 20),
  -- the only campaign that it issues from; null for all of the account
  campaign bytea check (octet_length(campaign) = 32),
  -- void if the account's counter is another
  counter numeric(20) not null,
  created_at timestamptz not null default clock_timestamp(),
  revoked_at timestamptz
);
create index issuing_keys_of_account on issuing_keys (account, created_at);

-- Who issued a grant or a code: the hash of an issuing key, or the owner's address, padded to 32
-- bytes. Null for what the holder of a campaign's API key issued before there were issuing keys.
alter table signed_allowances add column issuer bytea check (octet_length(issuer) = 32);
create index grants_of_issuer on signed_allowances (issuer, created_at, id)
  where issuer is not null;
drop view allowances;
create view allowances as select * from signed_allowances join allowance_usage using (id);
alter table promotion_codes add column issuer bytea check (octet_length(issuer) = 32);
create index codes_of_issuer on promotion_codes (issuer) where issuer is not null;

alter table log_notes drop constraint log_notes_kind_check;
alter table log_notes add constraint log_notes_kind_check check (kind in ('hold_end', 'revocation',
  'access_end', 'blocks', 'refund', 'receipt', 'write_off', 'issuing_key', 'issuing_key_end'));
