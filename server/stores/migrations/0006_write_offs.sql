-- Spending that no cap covers any more and that is in no final table: it leaves the account's row,
-- and the operator's account takes it over (decision 0011).

-- When each counter of an account ended, by the chain's clock. Its caps count until its grace ends.
create table ended_counters (
  account bytea not null references accounts,
  counter numeric(20) not null,
  ended_at timestamptz not null,
  primary key (account, counter)
);
create index ended_counters_by_time on ended_counters (ended_at);

-- The ledger did not keep these times. Counters from before are taken as ended with the upgrade, so
-- that nothing is written off too early.
insert into ended_counters (account, counter, ended_at)
select address, counter - 1, greatest(block_time, clock_timestamp())
from accounts cross join chain_cursor where counter > 0;

-- Each amount of spending that moved from `account` to `payer`. Events of `account` until then can no
-- longer be voided: the operator pays for them.
create table write_offs (
  id bigint generated always as identity primary key,
  account bytea not null references accounts,
  payer bytea not null references accounts,
  amount_micros bigint not null check (amount_micros > 0),
  written_off_at timestamptz not null,
  constraint another_account_pays check (account <> payer)
);
create index write_offs_of_account on write_offs (account, written_off_at);
create index write_offs_of_payer on write_offs (payer, written_off_at);

alter table log_notes drop constraint log_notes_kind_check;
alter table log_notes add constraint log_notes_kind_check
  check (kind in ('hold_end', 'revocation', 'access_end', 'blocks', 'refund', 'receipt',
    'write_off'));
