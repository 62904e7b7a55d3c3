insert into webhook_endpoints (id, party, owner, url, description, kinds, secret, secret_key,
    old_secret, old_secret_key, old_secret_until, low_micros, is_low, runway_seconds, is_short,
    runway_checked_at, budget_percents, expiring_seconds, expiring_until, failing_since,
    disabled_at, disabled_as)
values ('00000000-0000-4000-8000-00000000000a', 'account',
    '\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'https://receiver.example', 'treasury',
    '{balance.low,budget.reached}', '\x01', 'a key', '\x02', 'an older key', '2026-01-01', 5000000,
    false, 3600, false, '2026-01-01', '{80,100}', 3600, 1, '2026-01-01', '2026-01-02', 'failing');
insert into webhook_events (id, kind, party, owner, endpoint, body, fanned_out) values
  ('00000000-0000-4000-8000-00000000000b', 'balance.low', 'account',
    '\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', '00000000-0000-4000-8000-00000000000a', '{}', true);
insert into webhook_deliveries (event, endpoint, state, attempts, last_status, last_error, last_at)
values ('00000000-0000-4000-8000-00000000000b', '00000000-0000-4000-8000-00000000000a', 'failed', 9,
    500, 'it answered 500', '2026-01-01');
