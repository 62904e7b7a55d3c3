-- Every transaction that the settler sent, written before it left: what may still be mined is known after a crash.
create table settler_transactions (
  hash bytea primary key check (octet_length(hash) = 32),
  wallet bytea not null check (octet_length(wallet) = 20),
  nonce bigint not null,
  -- of what is called, and with what: attempts at one call differ in their fees
  call_hash bytea not null check (octet_length(call_hash) = 32),
  purpose text not null,
  max_fee_per_gas numeric(78) not null,
  max_priority_fee_per_gas numeric(78) not null,
  created_at timestamptz not null default clock_timestamp()
);
create index settler_transactions_of_wallet on settler_transactions (wallet, nonce);

-- Whether a contract wallet signed an allowance (ERC-1271): it may disown it later, so its ceiling is recorded on chain.
-- Unknown until the settler has looked.
alter table allowances add column by_contract boolean;
create index allowances_not_looked_at on allowances (account) where by_contract is null;
create index allowances_by_contract on allowances (account) where by_contract;

-- Ceilings that the court has on record.
create table recorded_caps (
  account bytea not null check (octet_length(account) = 20),
  counter numeric(20) not null,
  account_cap_micros numeric(20) not null,
  primary key (account, counter)
);
