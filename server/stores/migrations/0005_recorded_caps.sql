-- The cap that the court has on record for the account's counter, confirmed. Allowances of contract
-- wallets are spent up to it. It stands in the account's row, whose lock every debit takes anyway.
alter table accounts add column recorded_cap bigint not null default 0 check (recorded_cap >= 0);
update accounts set recorded_cap = least(r.account_cap_micros, 9223372036854775807)::bigint
  from recorded_caps r where r.account = accounts.address and r.counter = accounts.counter;
-- A grant is by contract if its campaign is. What is still null counts as by contract until a server
-- has looked at the signature, at its start.
update signed_allowances g set by_contract = c.by_contract
  from signed_allowances c where g.campaign = c.id and c.by_contract is not null;

-- What the settler last tried to record. After a failure the whole account waits, longer each time;
-- after a success only the allowance does, until the recording is confirmed.
create table cap_attempts (
  allowance bytea primary key references signed_allowances,
  account bytea not null references accounts,
  failures integer not null check (failures >= 0),
  retry_at timestamptz not null
);
create index cap_attempts_of_account on cap_attempts (account);
