insert into deposit_watches (account, watched_until, swept_at, refused_at, refusal, refusals)
select address, '2025-09-15 12:00:00+00', '2025-06-15 12:00:00+00', '2025-06-15 12:01:00+00',
  'EnforcedPause()', 2
from accounts order by address limit 1;
