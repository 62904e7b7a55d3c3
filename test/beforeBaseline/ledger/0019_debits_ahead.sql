-- What makes a debit cheaper.

-- Counts the transactions that brought allowances: a server asks for those that came since it last looked, and knows all
-- others that its spenders have. The row's lock keeps the count in the order of the commits.
create table allowance_arrivals (
  only_one boolean primary key default true check (only_one),
  count bigint not null check (count >= 0)
);
insert into allowance_arrivals (count) values (0);
-- The count that an allowance came with; 0 for those from before.
alter table allowances add column arrival bigint not null default 0;
create index allowances_by_arrival on allowances (arrival) where arrival > 0;

-- Null where the row itself says all that was sent, as it does for reported usage. A capture's names its hold.
alter table debits alter column payload_hash drop not null;
