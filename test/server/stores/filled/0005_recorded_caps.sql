-- The settler could not record a cap of alice, as if a contract wallet had signed it.

insert into cap_attempts (allowance, account, failures, retry_at) values
  ('\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', '\x328809bc894f92807417d2dad6b7c998c1afdac6', 1, '2025-06-15 12:01:26+00');
