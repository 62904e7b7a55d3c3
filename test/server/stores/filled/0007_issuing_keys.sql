insert into issuing_keys (key_hash, account, campaign, counter, created_at, revoked_at) values
  ('\x5555555555555555555555555555555555555555555555555555555555555555', '\xeb42ea4654c82b0dd20e908457099a7ed41deda6', null, 0, '2025-06-15 12:00:27+00', null),
  ('\x6666666666666666666666666666666666666666666666666666666666666666', '\xeb42ea4654c82b0dd20e908457099a7ed41deda6', '\x4444444444444444444444444444444444444444444444444444444444444444', 0, '2025-06-15 12:00:28+00', '2025-06-15 12:00:29+00');

-- The owners issued the baseline's grants and codes themselves.
update signed_allowances set issuer = '\x000000000000000000000000'::bytea || account
  where campaign is not null;
update promotion_codes set issuer = '\x000000000000000000000000'::bytea || account
  from signed_allowances where id = promotion_codes.campaign;
