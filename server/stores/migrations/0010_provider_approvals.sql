-- An operator's last decision about each provider. A provider without one may charge only where the
-- server approves by itself (a local chain).
create table provider_approvals (
  provider bytea primary key check (octet_length(provider) = 20),
  approved boolean not null,
  -- in seconds since 1970, as signed: an older decision changes nothing
  issued_at bigint not null,
  -- null for a provider that had a key before there were approvals
  operator bytea check (octet_length(operator) = 20)
);
insert into provider_approvals (provider, approved, issued_at)
  select distinct provider, true, 0 from provider_keys;

alter table log_notes drop constraint log_notes_kind_check;
alter table log_notes add constraint log_notes_kind_check check (kind in ('hold_end', 'revocation',
  'access_end', 'blocks', 'refund', 'receipt', 'write_off', 'issuing_key', 'issuing_key_end',
  'rule', 'provider_approval'));
