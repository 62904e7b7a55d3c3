insert into campaign_rules values
  ('\x4444444444444444444444444444444444444444444444444444444444444444', '{"kind": "first_day",
    "atLeastMicros": "10", "limit": "5", "period": "0", "rollover": "0", "priority": null,
    "scope": null, "maxGrants": "100", "claimBy": "0", "validSeconds": "0",
    "issuer": "0x000000000000000000000000eb42ea4654c82b0dd20e908457099a7ed41deda6",
    "setAt": "2025-06-15T12:00:40.000Z", "sinceBlock": "1", "closedAt": null, "grants": "1"}');
insert into rule_claims values
  ('0x4444444444444444444444444444444444444444444444444444444444444444 0xeb42ea4654c82b0dd20e908457099a7ed41deda6',
   '\x5555555555555555555555555555555555555555555555555555555555555555');
