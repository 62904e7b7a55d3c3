-- What an auditor of this release stored beside: carol's first request is open until block 13.
update parties set requested_micros = 1000, unspent_micros = 900, refunded_micros = 0,
  refund_waiting = 100
where address = '\xa4d4c1f8a763ef6a0140d04291eceef913ffc272';

update chain_events set body = body || case block_number
  when 11 then '{"unspentMicros": "900", "refundedMicros": "0"}'
  when 15 then '{"unspentMicros": "700", "refundedMicros": "900"}'
  when 16 then '{"unspentMicros": "5000", "refundedMicros": "0"}'
end::jsonb where body->>'type' = 'refund_requested';

insert into chain_events (block_number, log_index, body) values
  (13, 0, '{"type": "row_settled", "party": "0xa4d4c1f8a763ef6a0140d04291eceef913ffc272", "epoch": "2", "spent": "0", "refunded": "900", "earned": "0", "logIndex": 0, "blockTime": "2025-06-15T12:00:26.093Z", "blockNumber": "13", "transactionHash": "0x0000000000000000000000000000000000000000000000000000000000000000"}');
