-- The log has what a ledger needs to be made again from a copy of it: providers' keys, promotion codes
-- and checkpoints, which had rows only. Those that exist enter it now.
alter table log_notes drop constraint log_notes_kind_check;
alter table log_notes add constraint log_notes_kind_check check (kind in ('hold_end', 'revocation',
  'access_end', 'blocks', 'refund', 'receipt', 'write_off', 'issuing_key', 'issuing_key_end',
  'rule', 'provider_approval', 'acceptance', 'missed_events', 'passed_block', 'provider_key',
  'provider_key_end', 'code', 'code_end', 'checkpoint'));

insert into log_notes (kind, body)
select 'provider_key', jsonb_build_object('provider', '0x' || encode(provider, 'hex'),
  'keyHash', '0x' || encode(key_hash, 'hex'), 'signature', null,
  'at', to_char(created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
from provider_keys order by created_at, key_hash;

insert into log_notes (kind, body)
select 'provider_key_end', jsonb_build_object('provider', '0x' || encode(provider, 'hex'),
  'keyHash', '0x' || encode(key_hash, 'hex'), 'signature', null,
  'at', to_char(revoked_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
from provider_keys where revoked_at is not null order by revoked_at, key_hash;

insert into log_notes (kind, body)
select 'code', jsonb_build_object('campaign', '0x' || encode(campaign, 'hex'),
  'codeHash', '0x' || encode(code_hash, 'hex'), 'terms', terms,
  'maxRedemptions', max_redemptions::text, 'issuer', '0x' || encode(issuer, 'hex'),
  'at', to_char(created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
from promotion_codes order by created_at, campaign, code_hash;

insert into log_notes (kind, body)
select 'code_end', jsonb_build_object('campaign', '0x' || encode(campaign, 'hex'),
  'codeHash', '0x' || encode(code_hash, 'hex'),
  'at', to_char(closed_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
from promotion_codes where closed_at is not null order by closed_at, campaign, code_hash;

insert into log_notes (kind, body)
select 'checkpoint', jsonb_build_object('id', id::text, 'epoch', epoch::text,
  'previousRoot', '0x' || encode(previous_root, 'hex'), 'root', '0x' || encode(root, 'hex'),
  'spent', spent::text, 'refunded', refunded::text, 'earned', earned::text,
  'asOf', as_of::text, 'dataHash', '0x' || encode(data_hash, 'hex'),
  'snapshot', snapshot, 'cutAt', cut_at::text)
from checkpoints where snapshot is not null order by id;
