-- By account first: debits look up a spender, and would have read what it has not accepted, too.
drop index allowances_of_pair;
create index allowances_of_pair on signed_allowances (account, spender);
