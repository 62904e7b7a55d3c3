-- A refund request keeps what the contract recorded with it, so that the ledger can tell what the
-- contract will call due, and when it is served. Spent credits can return to a request, by a void.
alter table accounts drop constraint only_held_credits_wait;
alter table accounts add constraint refund_waiting_is_positive check (refund_waiting >= 0);

-- purchased minus refunded on chain, and refunded on chain, when the request was made
alter table refund_requests add column unspent_micros bigint check (unspent_micros >= 0);
alter table refund_requests add column refunded_micros bigint check (refunded_micros >= 0);

-- Requests from before get the most that they can be owed.
update refund_requests set
  unspent_micros = purchased - coalesce(s.refunded, 0), refunded_micros = coalesce(s.refunded, 0)
from accounts left join settlements s on s.party = address
where address = refund_requests.account;

update accounts set refund_waiting =
  greatest(0, requested_micros + r.refunded_micros - accounts.refunded - refunding)
from refund_requests r where r.account = address and not served;

alter table refund_requests alter column unspent_micros set not null;
alter table refund_requests alter column refunded_micros set not null;
alter table refund_requests drop column accepted_micros;
