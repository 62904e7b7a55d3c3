-- Whether the log has said that each account pays its own price (log entry `rule`). Entries before
-- it are checked by the older rule, in which the first usable allowance set the price.
alter table position add column has_own_prices boolean not null default false;
