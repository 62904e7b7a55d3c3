-- An example of a migration, which only a test applies: it computes a column from the rows that are
-- there, and adds a constraint, a function and a trigger that keep it right.
alter table accounts add column purchase_count bigint;
update accounts set purchase_count = (select count(*) from purchases where account = address);
alter table accounts
  alter column purchase_count set not null,
  alter column purchase_count set default 0,
  add constraint never_fewer_than_no_purchases check (purchase_count >= 0);

create function count_purchase() returns trigger language plpgsql as $$
begin
  update accounts set purchase_count = purchase_count + 1 where address = new.account;
  return null;
end;
$$;
create trigger purchases_are_counted after insert on purchases
  for each row execute function count_purchase();
