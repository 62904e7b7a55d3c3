-- The limit of open holds counts for each provider and spender, so that no provider uses it up for
-- the others.
create index open_holds_of_pair on holds (spender, provider) where resolved_as is null;
drop index open_holds_of_spender;
