insert into top_up_policies (id, account, payer, keeper, per_top_up, per_period, period_seconds,
  starts_at, expires_at, salt, signature, below_micros, runway_below_seconds, target_micros, begun,
  refusals, refused_at, refusal, stopped_at, stopped_as)
select sha256('a policy'), address, address, substring(sha256('a keeper') for 20), 10, 100, 86400,
  1750000000, 1850000000, 7, '\x00', 5, 3600, 50, 2,
  1, '2025-06-15 12:03:00+00', 'its payer has too few tokens', '2025-06-15 12:04:00+00', 'owner'
from accounts order by address limit 1;
insert into top_ups (policy, number, wallet, nonce, attempts, sent_at, state, transaction_hash,
  block_number, ended_at)
values (sha256('a policy'), 1, substring(sha256('a keeper') for 20), 0, 1,
    '2025-06-15 12:00:00+00', 'bought', sha256('a transaction'), 5, '2025-06-15 12:01:00+00'),
  (sha256('a policy'), 2, substring(sha256('a keeper') for 20), 1, 1,
    '2025-06-15 12:02:00+00', 'open', null, null, null);
