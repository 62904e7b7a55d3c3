insert into settled_rows (block_number, log_index, transaction_hash, party, epoch, spent, refunded,
    earned, recorded_at)
  values (1, 7, decode(repeat('7a', 32), 'hex'), decode(repeat('7b', 20), 'hex'), 1, 3, 0, 2,
    '2026-01-02T00:00:00Z');
insert into fee_claims (block_number, log_index, transaction_hash, amount_micros, token_amount,
    recorded_at)
  values (1, 8, decode(repeat('7a', 32), 'hex'), 1, 1, '2026-01-02T00:00:00Z');
insert into chain_history_start (block_number, begun_at)
  values (1, '2026-01-02T00:00:00Z') on conflict do nothing;
