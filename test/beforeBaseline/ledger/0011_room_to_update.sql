-- Room in each page for the next version of a row: a debit then updates its account and its allowance in place, without
-- touching an index, and the page is tidied when it is next read.
alter table accounts set (fillfactor = 70);
alter table allowances set (fillfactor = 70);

-- What the batch that locked the account last charged to it while locking it: it learns from here whether its sum fitted.
-- Means nothing to anybody else.
alter table accounts add column spent_ahead bigint not null default 0;
