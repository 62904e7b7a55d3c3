-- An allowance counts only once its spender has accepted the account.

-- What spenders said about accounts that signed an allowance for them. A row is written with the
-- first acceptance, and never removed: a wallet's older message must not count again.
create table acceptances (
  spender bytea not null check (octet_length(spender) = 32),
  account bytea not null references accounts,
  -- false since the spender ended it
  accepted boolean not null,
  -- how the last change was proven; `before` is a pair with allowances from before this migration
  how text not null check (how in ('key', 'wallet', 'own', 'issuer', 'before')),
  -- of the wallet's newest message, in milliseconds since 1970
  signed_at numeric(20) not null default 0,
  changes integer not null default 1 check (changes > 0),
  changed_at timestamptz not null default clock_timestamp(),
  primary key (spender, account)
);
create index accepted_accounts on acceptances (spender, account) where accepted;

-- Whether debits read the allowance: its pair is accepted. Kept with the allowance, because a lock
-- on it checks only its own row again. True for those that exist: they counted before.
alter table signed_allowances add column accepted boolean not null default true;
alter table signed_allowances alter column accepted set default false;
-- Whether it counted before there were acceptances: the log says so to auditors.
alter table signed_allowances add column predates_acceptance boolean not null default true;
alter table signed_allowances alter column predates_acceptance set default false;

insert into acceptances (spender, account, accepted, how)
select distinct spender, account, true, 'before' from signed_allowances;

-- An allowance enters the log when it first counts, is revoked or becomes a campaign. Before that
-- it has no place there, and may expire and be deleted.
alter table signed_allowances alter column log_order drop not null, alter column log_order drop default;
alter table signed_allowances
  alter column transaction_id drop not null, alter column transaction_id drop default;
alter table signed_allowances add constraint counted_allowances_are_logged
  check (log_order is not null or not accepted);
alter table signed_allowances add constraint places_are_whole
  check (num_nulls(log_order, transaction_id) in (0, 2));

-- Debits of a spender find what counts, however much more strangers have signed.
drop index allowances_of_spender;
create index allowances_of_spender on signed_allowances (spender) where accepted;
create index allowances_of_pair on signed_allowances (spender, account);
-- Bounds of what an owner signs, without the grants of its campaigns.
create index signed_by_owner on signed_allowances (account) where campaign is null;
create index offers_of_account on signed_allowances (account)
  where log_order is null and campaign is null;
create index offers_by_age on signed_allowances (created_at) where log_order is null;
create index offers_of_spender on signed_allowances (spender, account) where not accepted;

drop view allowances;
create view allowances as select * from signed_allowances join allowance_usage using (id);

alter table log_notes drop constraint log_notes_kind_check;
alter table log_notes add constraint log_notes_kind_check check (kind in
  ('hold_end', 'revocation', 'access_end', 'acceptance', 'blocks', 'refund', 'receipt',
    'write_off', 'issuing_key', 'issuing_key_end', 'rule', 'provider_approval'));
