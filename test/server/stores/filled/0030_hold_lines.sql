-- A hold of two lines, of which nothing was captured, which was extended and released.
insert into holds (provider, hold_id, spender, line, lots, meter, dimensions, quantity, rate,
  request_hash, created_at, expires_at, first_expires_at, resolved_as, resolved_at, log_order,
  transaction_id) values
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'lines', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7',
   'gpu', 2, 'units', '{}', 3, '{"kind": "fixed", "perUnits": "1", "microCredits": "1", "rateCardVersion": 1}',
   '\x2f582c175e4042d344f29f32eaa229068a0840ebe2c383a84f7ed281f87c5d13',
   '2025-06-15 12:00:26.2+00', '2025-06-15 12:02:26.201+00', '2025-06-15 12:01:26.2+00', 'released',
   '2025-06-15 12:00:26.202+00', 1001, 73);
insert into hold_lots (provider, hold_id, lot, line, meter, dimensions, quantity, rate, held_at,
  captured_micros, captured_quantity, log_order, transaction_id) values
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'lines', 1, 'disk', 'units', '{}', 2, '{"kind": "fixed", "perUnits": "1", "microCredits": "1", "rateCardVersion": 1}',
   '2025-06-15 12:00:26.2+00', 0, 0, 1002, 73);
insert into hold_parts (provider, hold_id, part, lot, account, allowance, held_micros) values
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'lines', 0, 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6',
   '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', 0),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'lines', 1, 1, '\x328809bc894f92807417d2dad6b7c998c1afdac6',
   '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', 0);
insert into debits (provider, event_id, part, account, allowance, spender, meter, quantity,
  dimensions, occurred_at, recorded_at, rate_card, amount_micros, fee_micros, payload_hash,
  log_order, transaction_id) values
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'nothing', 0,
   '\x328809bc894f92807417d2dad6b7c998c1afdac6',
   '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a',
   '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'units', 0, '{}',
   '2025-06-15 12:00:26.2+00', '2025-06-15 12:00:26.2+00', 1, 0, 0,
   '\x2f582c175e4042d344f29f32eaa229068a0840ebe2c383a84f7ed281f87c5d13', 1003, 74);
insert into captures (provider, event_id, hold_id, line) values
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'nothing', 'lines', 'gpu');
insert into hold_extensions (provider, hold_id, extension_id, ttl_seconds, lines) values
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'lines', 'more', 120, '[]');
insert into log_notes (log_order, transaction_id, kind, body) values
  (1004, 75, 'hold_extension', '{"provider": "0x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0", "id": "lines",
    "extension": "more", "ttlSeconds": 120, "lines": [],
    "expiresAt": "2025-06-15T12:02:26.201Z", "at": "2025-06-15T12:00:26.201Z"}'),
  (1005, 76, 'hold_end', '{"provider": "0x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0", "id": "lines", "as": "released",
    "at": "2025-06-15T12:00:26.202Z"}');
select setval('log_order', 1005, true);
