-- Rows of every table of the ledger as 0001_baseline.sql makes it: what test/server/stores/upgrade.test.ts
-- upgrades. A ledger wrote them in June 2025 in these steps:
--
-- * Alice (0x3288…) and the sponsor (0xeb42…) pay for alice's key, the sponsor first; carol (0xa4d4…)
--   has bought, was refunded, raised her counter and bought again. The provider is 0x9b78….
-- * Alice has a campaign with grants and codes, a spending wallet, and access that she took back.
-- * Checkpoint 1 was dropped by the chain, 2 was abandoned, 3 and 4 are final; what came after 4 is
--   in none.
-- * Open are the holds `open` (alice) and `waited-for` (carol), and the refund requests of carol, who
--   waits for her hold, and of the sponsor.
--
-- Transactions are numbered from 3, so that each of them is over in any new database.

insert into deployment (chain_id, contract, block_number, block_hash) values
  (31337, '\x0000000000000000000000000000000000c0ffee', 0, '\x0000000000000000000000000000000000000000000000000000000000000000');

insert into chain_cursor (block_number, block_hash, block_time, quiet_at, frozen_at, seen_at) values
  (16, '\x967f2a2c7f3d22f9278175c1e6aa39cf9171db91dceacd5ee0f37c2e507b5abe', '2025-06-15 12:00:26.127+00', '2025-06-15 12:00:26.182+00', null, '2025-06-15 12:00:26.129+00');

insert into accounts (address, purchased, spent, held, refunding, refunded, counter, refund_waiting, spent_ahead, changed_at_tick) values
  ('\x328809bc894f92807417d2dad6b7c998c1afdac6', 1000000, 334, 94, 0, 0, 0, 0, 0, 4),
  ('\xa4d4c1f8a763ef6a0140d04291eceef913ffc272', 1600, 0, 50, 650, 900, 1, 50, 0, 4),
  ('\xeb42ea4654c82b0dd20e908457099a7ed41deda6', 5000, 60, 0, 4940, 0, 0, 0, 0, 4);

insert into purchases (block_number, log_index, transaction_hash, account, payer, amount_micros, token_amount, recorded_at) values
  (1, 0, '\x0000000000000000000000000000000000000000000000000000000000000000', '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x328809bc894f92807417d2dad6b7c998c1afdac6', 1000000, 1, '2025-06-15 12:00:19.756+00'),
  (2, 0, '\x0000000000000000000000000000000000000000000000000000000000000000', '\xeb42ea4654c82b0dd20e908457099a7ed41deda6', '\xeb42ea4654c82b0dd20e908457099a7ed41deda6', 5000, 1, '2025-06-15 12:00:19.795+00'),
  (3, 0, '\x0000000000000000000000000000000000000000000000000000000000000000', '\xa4d4c1f8a763ef6a0140d04291eceef913ffc272', '\xa4d4c1f8a763ef6a0140d04291eceef913ffc272', 900, 1, '2025-06-15 12:00:19.837+00'),
  (14, 0, '\x0000000000000000000000000000000000000000000000000000000000000000', '\xa4d4c1f8a763ef6a0140d04291eceef913ffc272', '\xa4d4c1f8a763ef6a0140d04291eceef913ffc272', 700, 1, '2025-06-15 12:00:26.115+00');

insert into refund_requests (block_number, log_index, transaction_hash, account, requested_micros, accepted_micros, served, recorded_at, requested_at) values
  (11, 0, '\x0000000000000000000000000000000000000000000000000000000000000000', '\xa4d4c1f8a763ef6a0140d04291eceef913ffc272', 1000, 900, true, '2025-06-15 12:00:25.957+00', '2025-06-15 12:00:25.945+00'),
  (15, 0, '\x0000000000000000000000000000000000000000000000000000000000000000', '\xa4d4c1f8a763ef6a0140d04291eceef913ffc272', 1000, 700, false, '2025-06-15 12:00:26.127+00', '2025-06-15 12:00:26.125+00'),
  (16, 0, '\x0000000000000000000000000000000000000000000000000000000000000000', '\xeb42ea4654c82b0dd20e908457099a7ed41deda6', 1000000, 4940, false, '2025-06-15 12:00:26.129+00', '2025-06-15 12:00:26.127+00');

insert into settlements (party, epoch, spent, refunded, earned) values
  ('\xa4d4c1f8a763ef6a0140d04291eceef913ffc272', 2, 0, 900, 0);

insert into recorded_caps (account, counter, account_cap_micros) values
  ('\x328809bc894f92807417d2dad6b7c998c1afdac6', 0, 1000000);

insert into log_notes (log_order, transaction_id, kind, body) values
  (2, 4, 'blocks', '{"to": "1", "from": "1"}'),
  (3, 5, 'blocks', '{"to": "2", "from": "2"}'),
  (4, 6, 'blocks', '{"to": "3", "from": "3"}'),
  (9, 11, 'revocation', '{"allowance": "0x0014b8e937f3866579ee1b3a70c44148932c19f295dd87fafb6dd34a43023147", "signature": "0x4a8c3b2a44fa2b5d0d198f43e16c00e4ff7f4c3f77a4bbc8c47215c9fd07b1a0068498a91012f9b896124226ab0ef06b22d39fbe863950577fc92b6d176e4d461c"}'),
  (20, 21, 'access_end', '{"spender": "0x000000000000000000000000328809bc894f92807417d2dad6b7c998c1afdac6", "provider": "0x9f47dafe10a1d83c21b5bf84d39093b1ac390a2a", "signature": "0x8175a128cc715fa02f4bc6439b1b1d6377137fd8566837538871b95e021942460a8ac13b703745fd03727fba9bc4153170e27674ed66c8f8cdbbb0fd17a632c11c"}'),
  (39, 39, 'blocks', '{"to": "4", "from": "4"}'),
  (41, 40, 'hold_end', '{"as": "captured", "at": "2025-06-15T12:00:23.902Z", "id": "captured", "provider": "0x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0"}'),
  (44, 43, 'hold_end', '{"as": "released", "at": "2025-06-15T12:00:23.924Z", "id": "released", "provider": "0x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0"}'),
  (47, 46, 'hold_end', '{"as": "expired", "at": "2025-06-15T12:00:25.206Z", "id": "expired", "provider": "0x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0"}'),
  (50, 49, 'blocks', '{"to": "5", "from": "5"}'),
  (51, 50, 'blocks', '{"to": "6", "from": "6"}'),
  (52, 51, 'blocks', '{"to": "7", "from": "7"}'),
  (53, 52, 'blocks', '{"to": "8", "from": "8"}'),
  (54, 53, 'blocks', '{"to": "9", "from": "9"}'),
  (55, 54, 'blocks', '{"to": "10", "from": "10"}'),
  (56, 55, 'receipt', '{"at": "2025-06-15T12:00:25.914Z", "epoch": "2", "earned": "367", "provider": "0x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0"}'),
  (58, 57, 'blocks', '{"to": "11", "from": "11"}'),
  (59, 58, 'refund', '{"account": "0xa4d4c1f8a763ef6a0140d04291eceef913ffc272", "amountMicros": "900"}'),
  (60, 59, 'blocks', '{"to": "12", "from": "12"}'),
  (61, 60, 'blocks', '{"to": "13", "from": "13"}'),
  (64, 63, 'blocks', '{"to": "14", "from": "14"}'),
  (68, 67, 'blocks', '{"to": "15", "from": "15"}'),
  (69, 68, 'blocks', '{"to": "16", "from": "16"}');

insert into signed_allowances (id, account, spender, period_seconds, starts_at, expires_at, priority, scope, scope_providers, scope_meters, account_cap_micros, counter, salt, signature, created_at, log_order, transaction_id, campaign, grant_key, issued_count, by_contract, arrival) values
  ('\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 2592000, 0, 0, 128, '\x0000000000000000000000000000000000000000000000000000000000000000', '{}', '{}', 9223372036854775808, 0, 1, '\x2b39eb762da86df9b95a7fd5a29bcf79fa59759a839d41a86c51c69788be1d9a1146137dcf2a3afa5a2dc3567dd5233ea792e315f72d5acfc702fd1cf72012871c', '2025-06-15 12:00:19.961+00', 6, 8, null, null, 0, false, 1),
  ('\x7c296763de95eabf5ff8fe35096ea054a22aee273cee7413e979ddb44aca1e74', '\xeb42ea4654c82b0dd20e908457099a7ed41deda6', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 0, 0, 0, 1, '\x37d1597787142144c376283a664721aa3fc7927ebd1a8d3169c4decde7a35871', '{"\\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0"}', '{units}', 9223372036854775808, 0, 3, '\x80206eb96ab6eded237817352a28ea8bb58468d9a414389ab0b24a848e242166246ce9041265f516d89875ee666b128aa2f3465668d9beeec32863584de49de91c', '2025-06-15 12:00:20.062+00', 7, 9, null, null, 0, null, 2),
  ('\x0014b8e937f3866579ee1b3a70c44148932c19f295dd87fafb6dd34a43023147', '\xa4d4c1f8a763ef6a0140d04291eceef913ffc272', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 0, 0, 0, 128, '\x0000000000000000000000000000000000000000000000000000000000000000', '{}', '{}', 5, 0, 5, '\x4de2febf1b35365cadd16dd9b66d21a66e0e636f99eaaa710037b8a98133612056b2df79e7fb8272f8c3c44bcbfceb09467d13d2072be9c35149e572dbaf26ef1c', '2025-06-15 12:00:20.131+00', 8, 10, null, null, 0, null, 3),
  ('\x53b8fe559802bea4c288073833e93e28b9ace12fdae2128881c65cac2592cc97', '\xa4d4c1f8a763ef6a0140d04291eceef913ffc272', '\x62934a0185af19d1b08712944f2aa0438151807b2230f315861ebd4dd4190c81', 0, 1700000000, 9999999999, 128, '\x0000000000000000000000000000000000000000000000000000000000000000', '{}', '{}', 18446744073709551615, 0, 7, '\x2ae308f6a2ee7037ad84f051284e6eaf72ee8754d2afdc430c88b382f2fb5f6f40ea79292dc4e6f4a8b2afec069bb444bcf3f3c878f9b2a6b510ea216d23826f1c', '2025-06-15 12:00:20.195+00', 10, 12, null, null, 0, null, 4),
  ('\x487f66074d383fd8e323aabc2298e859d0481a093f6cbb22a87836b6887553de', '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x8486f6f068f2b38566e226939b346755d325f0a528b7c08dcc3c166108515f81', 0, 0, 0, 128, '\x0000000000000000000000000000000000000000000000000000000000000000', '{}', '{}', 9223372036854775808, 0, 9, '\xd6c98347d2e71854075ac8698c966d932c129f851e415a4009d6d371a1e0a3224e05ac20f812882fc6040bb07e0974b2f7d7b5c9f3f7beebe1414ac1a695af621b', '2025-06-15 12:00:20.199+00', 11, 13, null, null, 5, true, 5),
  ('\x5f47c6ed71d5dcc49c2708daca2bab66c0ada0527162d9ec336dbf443fd2f8e0', '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x1ac0fe5b52dd07065e1c1618bce4bc12656ceb51e7c548a62b2bd81fb1a8a066', 0, 0, 0, 128, '\x0000000000000000000000000000000000000000000000000000000000000000', '{}', '{}', 9223372036854775808, 0, 0, '\xd6c98347d2e71854075ac8698c966d932c129f851e415a4009d6d371a1e0a3224e05ac20f812882fc6040bb07e0974b2f7d7b5c9f3f7beebe1414ac1a695af621b', '2025-06-15 12:00:20.217+00', 12, 14, '\x487f66074d383fd8e323aabc2298e859d0481a093f6cbb22a87836b6887553de', 'first', 0, null, 6),
  ('\xbf3b5861ebc0d17996fb2d880694aa08598ff37640d05f85b7dce3085b1dc408', '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x439d1d4c9831fbdfb8b3735a11456b1cce0d0f7dd48028d9e9b5ca734b53836a', 0, 0, 0, 128, '\x0000000000000000000000000000000000000000000000000000000000000000', '{}', '{}', 9223372036854775808, 0, 0, '\xd6c98347d2e71854075ac8698c966d932c129f851e415a4009d6d371a1e0a3224e05ac20f812882fc6040bb07e0974b2f7d7b5c9f3f7beebe1414ac1a695af621b', '2025-06-15 12:00:20.217+00', 13, 14, '\x487f66074d383fd8e323aabc2298e859d0481a093f6cbb22a87836b6887553de', 'second', 0, null, 6),
  ('\x4a9f7467b164383ec99dc4b6a4f04c4c00ed8a9ea2d1d6265b7851f40992b768', '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x76da66cee6c274077894e9f22c3a8505010db6d5c78d32ed989e398f6ed0138b', 0, 1749988820, 0, 128, '\x0000000000000000000000000000000000000000000000000000000000000000', '{}', '{}', 9223372036854775808, 0, 0, '\xd6c98347d2e71854075ac8698c966d932c129f851e415a4009d6d371a1e0a3224e05ac20f812882fc6040bb07e0974b2f7d7b5c9f3f7beebe1414ac1a695af621b', '2025-06-15 12:00:20.386+00', 14, 15, '\x487f66074d383fd8e323aabc2298e859d0481a093f6cbb22a87836b6887553de', 'code 0x7ccbf66db32cc44f6c36cad3b7fc0f31bd1d6673354b8537193d96136b97582d 0x76da66cee6c274077894e9f22c3a8505010db6d5c78d32ed989e398f6ed0138b', 0, null, 7),
  ('\x0de94dcdf5fa91e9dfed7b4c7a7f191658d53e22db9cbe630827edb2076319e7', '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x000000000000000000000000328809bc894f92807417d2dad6b7c998c1afdac6', 0, 0, 0, 128, '\x0000000000000000000000000000000000000000000000000000000000000000', '{}', '{}', 9223372036854775808, 0, 11, '\xc8a06a52aa148d418546c4b5fdfa9f0cca08d7bac258bf4147d5d8961b6b39bf415d5f8844abfe1dbf11d132c7af9cbd5fe57637c819e131c2a3a3ed3f043d0a1b', '2025-06-15 12:00:20.477+00', 15, 16, null, null, 0, null, 8),
  ('\xd36fbe8379c0625d8280f2685232aa4cefeafa80851230bc340f403142a1df26', '\xa4d4c1f8a763ef6a0140d04291eceef913ffc272', '\x7ab1556530153a27cc80fa456048b1b8945c610befa3a96b6209dadb8679f8ae', 0, 0, 0, 128, '\x0000000000000000000000000000000000000000000000000000000000000000', '{}', '{}', 9223372036854775808, 1, 13, '\x8b0ea4ed3ded5d5641eebc7fe0427bad90b6f9f22b2b32567bcdaa6d833cf4f83e7d9a9475ba9e3a80098964614f6dbb4ea2fb7e9f2b28ad571df3fc04747ee61b', '2025-06-15 12:00:26.118+00', 65, 64, null, null, 0, null, 9);

insert into allowance_usage (id, limit_micros, rollover_micros, revoked_at, period_index, carried_micros, period_spent, spent) values
  ('\x0014b8e937f3866579ee1b3a70c44148932c19f295dd87fafb6dd34a43023147', 9223372036854775808, 0, '2025-06-15 12:00:20.155+00', 0, 0, 0, 0),
  ('\x0de94dcdf5fa91e9dfed7b4c7a7f191658d53e22db9cbe630827edb2076319e7', 9223372036854775808, 0, null, 0, 0, 6, 6),
  ('\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', 300000, 10000, null, 675, 0, 417, 323),
  ('\x487f66074d383fd8e323aabc2298e859d0481a093f6cbb22a87836b6887553de', 50000, 0, null, 0, 0, 5, 5),
  ('\x4a9f7467b164383ec99dc4b6a4f04c4c00ed8a9ea2d1d6265b7851f40992b768', 500, 0, null, 0, 0, 0, 0),
  ('\x53b8fe559802bea4c288073833e93e28b9ace12fdae2128881c65cac2592cc97', 18446744073709551615, 0, null, 0, 0, 0, 0),
  ('\x5f47c6ed71d5dcc49c2708daca2bab66c0ada0527162d9ec336dbf443fd2f8e0', 1000, 0, null, 0, 0, 5, 5),
  ('\x7c296763de95eabf5ff8fe35096ea054a22aee273cee7413e979ddb44aca1e74', 60, 0, null, 0, 0, 60, 60),
  ('\xbf3b5861ebc0d17996fb2d880694aa08598ff37640d05f85b7dce3085b1dc408', 1000, 0, null, 0, 0, 0, 0),
  ('\xd36fbe8379c0625d8280f2685232aa4cefeafa80851230bc340f403142a1df26', 9223372036854775808, 0, null, 0, 0, 50, 0);

update allowance_arrivals set count = 9;

insert into promotion_codes (campaign, code_hash, terms, terms_hash, max_redemptions, redemptions, created_at, closed_at) values
  ('\x487f66074d383fd8e323aabc2298e859d0481a093f6cbb22a87836b6887553de', '\x7ccbf66db32cc44f6c36cad3b7fc0f31bd1d6673354b8537193d96136b97582d', '{"limit": "500", "scope": null, "period": "0", "priority": null, "redeemBy": "0", "rollover": "0", "validSeconds": "0"}', '\x67f7b5bc52be541fd47373626e9b70eaaed58a165634416e54a21e142bfb3d27', 2, 1, '2025-06-15 12:00:20.357+00', null),
  ('\x487f66074d383fd8e323aabc2298e859d0481a093f6cbb22a87836b6887553de', '\xc60bb107ec59c7ac92ad1cb5119615f5133cf0e2ba4d315a1f90f0599b1b05ec', '{"limit": "500", "scope": null, "period": "0", "priority": null, "redeemBy": "0", "rollover": "0", "validSeconds": "0"}', '\x67f7b5bc52be541fd47373626e9b70eaaed58a165634416e54a21e142bfb3d27', 2, 0, '2025-06-15 12:00:20.372+00', '2025-06-15 12:00:20.457+00');

insert into provider_keys (key_hash, provider, created_at, revoked_at) values
  ('\x58fcc7dbfa0e96bbdc1d44a6c0c1a40926359310d1b6c856ee6df55e90b51ef2', '\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', '2025-06-15 12:00:20.495+00', '2025-06-15 12:00:20.568+00'),
  ('\x590bc00bf2b44d2600c428791d9d25958d40bb18c4ba02080a8c728c0715e534', '\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', '2025-06-15 12:00:20.494+00', null);

insert into provider_access (spender, provider, created_at, revoked_at, log_order, transaction_id, signature) values
  ('\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', '\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', '2025-06-15 12:00:20.569+00', null, 16, 17, null),
  ('\x1ac0fe5b52dd07065e1c1618bce4bc12656ceb51e7c548a62b2bd81fb1a8a066', '\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', '2025-06-15 12:00:20.57+00', null, 17, 18, null),
  ('\x000000000000000000000000328809bc894f92807417d2dad6b7c998c1afdac6', '\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', '2025-06-15 12:00:20.581+00', null, 18, 19, '\x64289861e720f9dd88e9bc5eb226687f933f80e4ee003b3758787d0151736470621a6eff988c05269c0ee8209c0a78c84f3681b4f9faa62f24308ce5363823891b'),
  ('\x000000000000000000000000328809bc894f92807417d2dad6b7c998c1afdac6', '\x9f47dafe10a1d83c21b5bf84d39093b1ac390a2a', '2025-06-15 12:00:20.597+00', '2025-06-15 12:00:20.613+00', 19, 20, '\x9dcf3d9fe14091f7d15688d220cdc410ddadda5076c6f969a920a7a9b3f1afca7f5c69487fcf3e4eaabf35bc2df18175865d91028ef4b8e16fc3c369446938ba1c'),
  ('\x7ab1556530153a27cc80fa456048b1b8945c610befa3a96b6209dadb8679f8ae', '\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', '2025-06-15 12:00:26.12+00', null, 66, 65, null);

update access_revocations set count = 2;

insert into rate_cards (version, effective_from, card, created_at, provider, log_order, transaction_id) values
  (1, '2020-01-01 00:00:00+00', '[{"kind": "fixed", "meter": "units", "perUnits": "1", "dimensions": {}, "microCredits": "1"}]', '2025-06-15 12:00:19.703+00', null, 1, 3),
  (2, '2025-06-15 12:00:19.839+00', '[{"kind": "fixed", "meter": "requests", "perUnits": "2", "dimensions": {}, "microCredits": "7"}, {"kind": "fixed", "meter": "requests", "perUnits": "2", "dimensions": {"region": "eu"}, "microCredits": "9"}, {"kind": "graduated", "meter": "tokens", "tiers": [{"upTo": "10", "microCredits": "9"}, {"upTo": null, "microCredits": "4"}], "perUnits": "3", "dimensions": {}}, {"kind": "volume", "meter": "bytes", "tiers": [{"upTo": "10", "microCredits": "5"}, {"upTo": null, "microCredits": "2"}], "perUnits": "1", "dimensions": {}}, {"kind": "dynamic", "meter": "gpu", "perUnits": "1", "dimensions": {}, "multiplier": {"maxBps": "40000", "minBps": "5000", "startBps": "10000", "targetBps": "5000", "maxStepBps": "2000", "denominator": "8", "stepSeconds": 1}, "microCredits": "11"}]', '2025-06-15 12:00:19.857+00', '\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 5, 7);

insert into tier_usage (account, month, rate_key, quantity) values
  ('\x328809bc894f92807417d2dad6b7c998c1afdac6', '2025-06', '0x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0:bytes', 16),
  ('\x328809bc894f92807417d2dad6b7c998c1afdac6', '2025-06', '0x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0:tokens', 23);

insert into multiplier_steps (provider, rate_key, step, effective_from, utilisation_bps, before_bps, after_bps, rate_card, log_order, transaction_id) values
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', '0x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0:gpu', 1, '2025-06-15 12:00:22.198+00', 9000, 10000, 11000, 2, 31, 31);

insert into holds (provider, hold_id, spender, meter, dimensions, quantity, rate, request_hash, created_at, expires_at, captured_micros, resolved_as, resolved_at, captured_quantity, log_order, transaction_id, quote_expires_at) values
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'captured', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'tokens', '{}', 30, '{"use": {"month": "2025-06", "account": "0x328809bc894f92807417d2dad6b7c998c1afdac6", "rateKey": "0x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0:tokens"}, "kind": "graduated", "tiers": [{"upTo": "10", "microCredits": "9"}, {"upTo": null, "microCredits": "4"}], "perUnits": "3", "usedUnits": "16", "rateCardVersion": 2}', '\x2d62d5cd2eada769b43f804b9832770b19c9e2202d93e0a4f6608279105999f6', '2025-06-15 12:00:22.394+00', '2025-06-15 12:01:22.394+00', 24, 'captured', '2025-06-15 12:00:23.902+00', 18, 37, 37, null),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'released', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'bytes', '{}', 4, '{"use": {"month": "2025-06", "account": "0x328809bc894f92807417d2dad6b7c998c1afdac6", "rateKey": "0x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0:bytes"}, "kind": "volume", "tier": 1, "perUnits": "1", "usedUnits": "16", "microCredits": "2", "rateCardVersion": 2}', '\x08d2acf494f5fb67f104be96f739218a8c276759ebc36731a127bc7585fc49f4', '2025-06-15 12:00:23.92+00', '2025-06-15 12:01:23.92+00', 0, 'released', '2025-06-15 12:00:23.924+00', 0, 43, 42, null),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'expired', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'units', '{}', 4, '{"kind": "fixed", "perUnits": "1", "microCredits": "1", "rateCardVersion": 1}', '\xbad5b951bc795eb35422c0ecb8118693738e892e5b1bfaf1059d481adc854b3b', '2025-06-15 12:00:23.946+00', '2025-06-15 12:00:24.946+00', 0, 'expired', '2025-06-15 12:00:25.206+00', 0, 45, 44, null),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'quoted', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'units', '{}', 4, '{"kind": "fixed", "perUnits": "1", "microCredits": "1", "rateCardVersion": 1}', '\xe7e665dbc93d6fdbad8537507147086cea77a6917247cf3b10da80de5defbb5e', '2025-06-15 12:00:23.967+00', '2025-06-15 12:01:23.967+00', 0, null, null, 0, 46, 45, '2025-06-15 12:10:23.966+00'),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'open', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'units', '{}', 100, '{"kind": "fixed", "perUnits": "1", "microCredits": "1", "rateCardVersion": 1}', '\x2f582c175e4042d344f29f32eaa229068a0840ebe2c383a84f7ed281f87c5d13', '2025-06-15 12:00:26.104+00', '2088-10-30 15:33:46.104+00', 10, null, null, 10, 62, 61, null),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'waited-for', '\x7ab1556530153a27cc80fa456048b1b8945c610befa3a96b6209dadb8679f8ae', 'units', '{}', 50, '{"kind": "fixed", "perUnits": "1", "microCredits": "1", "rateCardVersion": 1}', '\x42f17522b393eae1db95fc39b8bc7bb415e668ace83629ebdb6fc398ca5fd2b5', '2025-06-15 12:00:26.122+00', '2088-10-30 15:33:46.122+00', 0, null, null, 0, 67, 66, null);

insert into hold_parts (provider, hold_id, part, account, allowance, held_micros) values
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'captured', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', 0),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'expired', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', 0),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'open', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', 90),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'quoted', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', 4),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'released', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', 0),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'waited-for', 0, '\xa4d4c1f8a763ef6a0140d04291eceef913ffc272', '\xd36fbe8379c0625d8280f2685232aa4cefeafa80851230bc340f403142a1df26', 50);

insert into debits (provider, event_id, part, account, allowance, spender, meter, quantity, dimensions, occurred_at, recorded_at, rate_card, amount_micros, fee_micros, payload_hash, price_basis, log_order, transaction_id) values
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'paid-by-sponsor', 0, '\xeb42ea4654c82b0dd20e908457099a7ed41deda6', '\x7c296763de95eabf5ff8fe35096ea054a22aee273cee7413e979ddb44aca1e74', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'units', 30, '{}', '2025-06-15 12:00:20.615+00', '2025-06-15 12:00:20.644+00', 1, 30, 0, null, null, 21, 22),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'paid-by-both', 0, '\xeb42ea4654c82b0dd20e908457099a7ed41deda6', '\x7c296763de95eabf5ff8fe35096ea054a22aee273cee7413e979ddb44aca1e74', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'units', 40, '{}', '2025-06-15 12:00:20.699+00', '2025-06-15 12:00:20.741+00', 1, 30, 0, null, null, 22, 23),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'paid-by-both', 1, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'units', 40, '{}', '2025-06-15 12:00:20.699+00', '2025-06-15 12:00:20.741+00', 1, 10, 0, null, null, 23, 23),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'priced-0', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'requests', 8, '{}', '2025-06-15 12:00:20.761+00', '2025-06-15 12:00:20.774+00', 2, 28, 0, null, null, 24, 24),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'priced-1', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'tokens', 8, '{}', '2025-06-15 12:00:20.787+00', '2025-06-15 12:00:20.796+00', 2, 24, 0, null, '{"use": {"month": "2025-06", "account": "0x328809bc894f92807417d2dad6b7c998c1afdac6", "rateKey": "0x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0:tokens"}, "usedUnits": "0"}', 25, 25),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'priced-2', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'bytes', 8, '{}', '2025-06-15 12:00:20.841+00', '2025-06-15 12:00:20.843+00', 2, 40, 0, null, '{"use": {"month": "2025-06", "account": "0x328809bc894f92807417d2dad6b7c998c1afdac6", "rateKey": "0x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0:bytes"}, "tier": 0, "usedUnits": "0"}', 26, 26),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'priced-3', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'tokens', 8, '{}', '2025-06-15 12:00:20.867+00', '2025-06-15 12:00:20.921+00', 2, 14, 0, null, '{"use": {"month": "2025-06", "account": "0x328809bc894f92807417d2dad6b7c998c1afdac6", "rateKey": "0x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0:tokens"}, "usedUnits": "8"}', 27, 27),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'priced-4', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'bytes', 8, '{}', '2025-06-15 12:00:20.968+00', '2025-06-15 12:00:20.97+00', 2, 16, 0, null, '{"use": {"month": "2025-06", "account": "0x328809bc894f92807417d2dad6b7c998c1afdac6", "rateKey": "0x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0:bytes"}, "tier": 1, "usedUnits": "8"}', 28, 28),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'priced-5', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'gpu', 8, '{}', '2025-06-15 12:00:21.003+00', '2025-06-15 12:00:21.017+00', 2, 88, 1, null, '{"multiplierBps": "10000"}', 29, 29),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'in-eu', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'requests', 5, '{"region": "eu"}', '2025-06-15 12:00:21.031+00', '2025-06-15 12:00:21.043+00', 2, 23, 0, null, null, 30, 30),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'after-a-step', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'gpu', 3, '{}', '2025-06-15 12:00:22.199+00', '2025-06-15 12:00:22.216+00', 2, 37, 0, null, '{"multiplierBps": "11000"}', 32, 32),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'by-grantee', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x5f47c6ed71d5dcc49c2708daca2bab66c0ada0527162d9ec336dbf443fd2f8e0', '\x1ac0fe5b52dd07065e1c1618bce4bc12656ceb51e7c548a62b2bd81fb1a8a066', 'units', 5, '{}', '2025-06-15 12:00:22.233+00', '2025-06-15 12:00:22.235+00', 1, 5, 0, null, null, 33, 33),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'by-wallet', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x0de94dcdf5fa91e9dfed7b4c7a7f191658d53e22db9cbe630827edb2076319e7', '\x000000000000000000000000328809bc894f92807417d2dad6b7c998c1afdac6', 'units', 6, '{}', '2025-06-15 12:00:22.285+00', '2025-06-15 12:00:22.297+00', 1, 6, 0, null, null, 34, 34),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'voided-in-time', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'units', 20, '{}', '2025-06-15 12:00:22.299+00', '2025-06-15 12:00:22.321+00', 1, 20, 0, null, null, 35, 35),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'capture-1', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'tokens', 7, '{}', '2025-06-15 12:00:22.435+00', '2025-06-15 12:00:22.435+00', 2, 10, 0, '\xeb5cbef2bcfb1400245f32ec89012090d35665aa7715cd0ca3c1e2d28a474eef', '{"use": {"month": "2025-06", "account": "0x328809bc894f92807417d2dad6b7c998c1afdac6", "rateKey": "0x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0:tokens"}, "usedUnits": "16"}', 38, 38),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'capture-2', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'tokens', 11, '{}', '2025-06-15 12:00:23.902+00', '2025-06-15 12:00:23.902+00', 2, 14, 0, '\x819ef27f8866b02600360cb8cc7feb364fe145db8686dbc261e9f668ebc9c030', '{"use": {"month": "2025-06", "account": "0x328809bc894f92807417d2dad6b7c998c1afdac6", "rateKey": "0x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0:tokens"}, "usedUnits": "16", "capturedUnits": "7"}', 40, 40),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'after-the-drop', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'units', 3, '{}', '2025-06-15 12:00:25.218+00', '2025-06-15 12:00:25.229+00', 1, 3, 0, null, null, 48, 47),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'after-the-abandoned', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'units', 4, '{}', '2025-06-15 12:00:25.668+00', '2025-06-15 12:00:25.67+00', 1, 4, 0, null, null, 49, 48),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'after-the-receipt', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'units', 7, '{}', '2025-06-15 12:00:25.923+00', '2025-06-15 12:00:25.926+00', 1, 7, 0, null, null, 57, 56),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'capture-of-open', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'units', 10, '{}', '2025-06-15 12:00:26.11+00', '2025-06-15 12:00:26.11+00', 1, 10, 0, '\xe4399c5bfbe18aa7fa6daa08583afa4af8f63976e75b369cd061982c77caba2c', null, 63, 62),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'in-no-checkpoint', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'units', 9, '{}', '2025-06-15 12:00:26.129+00', '2025-06-15 12:00:26.135+00', 1, 9, 0, null, null, 70, 69),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'voided-last', 0, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x48190b779330f454f723dc523b4fdd300a3718d0d995e3bf315b8ccd74f2c39a', '\x352aab6414141a672b67d2266c9c7e5b6f04899e4b3c01da933023e5a6778bb7', 'units', 2, '{}', '2025-06-15 12:00:26.138+00', '2025-06-15 12:00:26.141+00', 1, 2, 0, null, null, 71, 70);

insert into captures (provider, event_id, hold_id) values
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'capture-1', 'captured'),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'capture-2', 'captured'),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'capture-of-open', 'open');

insert into voids (provider, event_id, amount_micros, voided_at, log_order, transaction_id) values
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'voided-in-time', 20, '2025-06-15 12:00:22.38+00', 36, 36),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'capture-2', 14, '2025-06-15 12:00:23.914+00', 42, 41),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'voided-last', 2, '2025-06-15 12:00:26.163+00', 72, 71);

insert into earnings (account, provider, earned, changed_at_tick) values
  ('\x328809bc894f92807417d2dad6b7c998c1afdac6', '\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 323, 4),
  ('\xeb42ea4654c82b0dd20e908457099a7ed41deda6', '\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 70, 0);

insert into earnings_promises (provider, earned, epoch, promised_at) values
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 367, 2, '2025-06-15 12:00:25.914+00');

update cut_clock set tick = 4;

insert into checkpoints (id, epoch, previous_root, root, spent, refunded, earned, as_of, data_hash, party_count, submitted_block, transaction_hash, final_at, dropped, created_at, cut_at, signing_at, abandoned_at, snapshot, dropped_at, tick, data_head) overriding system value values
  (1, 1, '\x0000000000000000000000000000000000000000000000000000000000000000', '\x3a97d68fcbc81461919ef816b359392ad9d56a484573b9e17f9ac0a4418b7329', 361, 0, 360, 1749988819, '\x6df959b9f460cb9a16aac5d1acc0efd537052d94f89fbd9d70568756f4f23e51', 3, null, null, null, true, '2025-06-15 12:00:22.611+00', '2025-06-15 12:00:22.53+00', null, null, '39:39:', '2025-06-15 12:00:23.877+00', 1, '\x4343524f57533031000000032c063ee9a6fdb2adcba6b05f2836c60ecc58dbf3330018154027dc8579adfc39'),
  (2, 1, '\x0000000000000000000000000000000000000000000000000000000000000000', '\x5a28980ad4491223ac504d945d3040473a6506c825c5f61e9693bd09a7d96de8', 364, 0, 363, 1749988823, '\x033205ebb48edf7733e78be19253e56a3339582135091bf99c9f739fb9d76804', 3, null, null, null, true, '2025-06-15 12:00:25.283+00', '2025-06-15 12:00:25.269+00', null, '2025-06-15 12:00:25.658+00', '48:48:', null, 2, '\x4343524f57533031000000032ef5e58228629c81d0e1bb0b79e6a162e9a1f846760f16e946afa61f102bc19a'),
  (3, 1, '\x0000000000000000000000000000000000000000000000000000000000000000', '\x6e17ca5bc0b638aeaaf9da0b455ef7ae7966bbaed7d736df5d275a577e3abfab', 368, 0, 367, 1749988823, '\x1806025972738e754abaade3ec3229e24b85d4fb30fa768000d6432d9893ac19', 3, 5, '\x0000000000000000000000000000000000000000000000000000000000000000', '1970-01-01 00:00:00+00', false, '2025-06-15 12:00:25.727+00', '2025-06-15 12:00:25.69+00', '2025-06-15 12:00:25.877+00', null, '49:49:', null, 3, '\x4343524f575330310000000352ea1e7a7264a19f232329fa8b8a2a4325602633bb3625995ee814d2b46440cf'),
  (4, 2, '\x6e17ca5bc0b638aeaaf9da0b455ef7ae7966bbaed7d736df5d275a577e3abfab', '\xa813f44b8597e142d18908968626b7eb90cbab779ae99d84a498f9da0959873d', 375, 900, 374, 1749988825, '\xed3bde8cf9389ed41e563029603bec0f70865092c12d2f176d999da1a9f76ede', 4, 12, '\x0000000000000000000000000000000000000000000000000000000000000000', '1970-01-01 00:00:00+00', false, '2025-06-15 12:00:26.028+00', '2025-06-15 12:00:25.967+00', null, null, '59:59:', null, 4, '\x4343524f5753303100000004a1f304dea3644cb49872a86e17b6deca66c8169108961444884604c68d89ac3f');

insert into checkpoint_signatures (checkpoint, signer, signature) values
  (3, '\xbb7680dd82b562a8874761a0df0f4362ba335d51', '\x1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111');

insert into places (party, place) values
  ('\x328809bc894f92807417d2dad6b7c998c1afdac6', 0),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 1),
  ('\xa4d4c1f8a763ef6a0140d04291eceef913ffc272', 3),
  ('\xeb42ea4654c82b0dd20e908457099a7ed41deda6', 2);

insert into checkpoint_rows (party, checkpoint, spent, refunded, earned, place) values
  ('\x328809bc894f92807417d2dad6b7c998c1afdac6', 1, 301, 0, 0, 0),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 1, 0, 0, 360, 1),
  ('\xeb42ea4654c82b0dd20e908457099a7ed41deda6', 1, 60, 0, 0, 2),
  ('\x328809bc894f92807417d2dad6b7c998c1afdac6', 2, 304, 0, 0, 0),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 2, 0, 0, 363, 1),
  ('\xeb42ea4654c82b0dd20e908457099a7ed41deda6', 2, 60, 0, 0, 2),
  ('\x328809bc894f92807417d2dad6b7c998c1afdac6', 3, 308, 0, 0, 0),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 3, 0, 0, 367, 1),
  ('\xeb42ea4654c82b0dd20e908457099a7ed41deda6', 3, 60, 0, 0, 2),
  ('\x328809bc894f92807417d2dad6b7c998c1afdac6', 4, 315, 0, 0, 0),
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 4, 0, 0, 374, 1),
  ('\xa4d4c1f8a763ef6a0140d04291eceef913ffc272', 4, 0, 900, 0, 3);

insert into tree_pages (level, page, checkpoint, nodes, checkpoint_before, undo) values
  (0, 0, 4, '\x37893181083d333c11f792515a36bc863a78fd2fbff13cbf60b09c43bd441eaa5e08fc8b209149260a1cbc3daee0f7b1ca89540e13921935ae1475026d38ab9048246ef869a622b805a1eb4b1069905e9064a5ba037d4e4aef843ca0d166be84decdb90b921e46174ae07eeb3c392662d6cc2dd1563b063c8d4c930f55a7d2051b87a1ba3a3694400088077b434346c972a09d894c48df6ec28dabddad2007a11b87a1ba3a3694400088077b434346c972a09d894c48df6ec28dabddad2007a11b87a1ba3a3694400088077b434346c972a09d894c48df6ec28dabddad2007a11b87a1ba3a3694400088077b434346c972a09d894c48df6ec28dabddad2007a11b87a1ba3a3694400088077b434346c972a09d894c48df6ec28dabddad2007a11b87a1ba3a3694400088077b434346c972a09d894c48df6ec28dabddad2007a11b87a1ba3a3694400088077b434346c972a09d894c48df6ec28dabddad2007a11b87a1ba3a3694400088077b434346c972a09d894c48df6ec28dabddad2007a11b87a1ba3a3694400088077b434346c972a09d894c48df6ec28dabddad2007a11b87a1ba3a3694400088077b434346c972a09d894c48df6ec28dabddad2007a11b87a1ba3a3694400088077b434346c972a09d894c48df6ec28dabddad2007a11b87a1ba3a3694400088077b434346c972a09d894c48df6ec28dabddad2007a1', 3, '\x000f68ff3e570a77dc33ad468118b2a3f54430b34bab3a992ffc127a4963463a8a014ad9bde1842a11d8cec93bd139cbb3715d5e8d1d80acc91131bdf544e2fedb26031b87a1ba3a3694400088077b434346c972a09d894c48df6ec28dabddad2007a1');

insert into challenges (block_number, log_index, checkpoint, account, challenger, spent, refunded, earned, deadline, outcome) values
  (6, 0, 3, '\x328809bc894f92807417d2dad6b7c998c1afdac6', '\xa4d4c1f8a763ef6a0140d04291eceef913ffc272', 1, 0, 0, '2025-06-16 12:00:25.889+00', 'answered'),
  (8, 0, 3, '\xeb42ea4654c82b0dd20e908457099a7ed41deda6', '\xa4d4c1f8a763ef6a0140d04291eceef913ffc272', 2, 0, 0, '2025-06-16 12:00:25.897+00', 'unanswered');

insert into settler_transactions (hash, wallet, nonce, call_hash, purpose, max_fee_per_gas, max_priority_fee_per_gas, created_at) values
  ('\x19d025ab9c79406e9c5b31fcf41c94385548898fe0969ff476ee9f3d0faa4202', '\x1e85c6266c9edf9e6ba293d780dcdde76dc7acf7', 4, '\x431a75a0d711dfe3639aae96eb8f9facc2fd74df5aa611067f2511cc9fefc229', 'submit checkpoint 3', 3000000000, 1000000000, '2025-06-15 12:00:26.102+00');

select setval('checkpoints_id_seq', 1, false);
select setval('log_order', 72, true);
