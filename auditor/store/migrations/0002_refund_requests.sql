-- The open refund request of a party, as the contract recorded it. All null if none is open.
alter table parties add column requested_micros bigint;
alter table parties add column unspent_micros bigint;
alter table parties add column refunded_micros bigint;
alter table parties add constraint a_request_is_whole
  check (num_nulls(requested_micros, unspent_micros, refunded_micros) in (0, 3));
