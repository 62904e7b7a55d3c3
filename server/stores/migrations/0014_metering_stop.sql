-- Set when a server finds that the ledger lacks what was committed before: all servers stop metering
-- until an operator has recovered it.
create table metering_stop (
  only_one boolean primary key default true check (only_one),
  message text not null,
  stopped_at timestamptz not null default clock_timestamp()
);
