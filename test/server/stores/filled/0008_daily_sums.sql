insert into roll_up default values;
insert into payer_days values ('\x0000000000000000000000000000000000000001', '2026-01-01', '\x00', '\x00', '\x00', 'units',
  0, 0, 0, 0, 0, 0, 0, 0);
insert into provider_days values ('\x00', '2026-01-01', 'units', 0, 0, 0, 0, 0);
