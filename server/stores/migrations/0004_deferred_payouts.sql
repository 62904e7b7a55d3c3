-- Payouts that the token rejected and that were not withdrawn, from the contract's first block up
-- to this one. Kept so that a report never reads the chain's log from its beginning: strangers can
-- make the vault hold more tokens than it owes, and the report explains the difference.
create table deferred_payouts (
  only_one boolean primary key default true check (only_one),
  block_number bigint not null,
  -- in the token's smallest unit
  token_amount numeric(78) not null
);
