-- The baseline's campaign has a rule, which is closed.
insert into campaign_rules (campaign, terms, terms_hash, max_grants, since_block, issuer, set_at,
  closed_at)
select id, '{"kind": "first_day", "atLeastMicros": "10", "limit": "5", "period": "0",
    "rollover": "0", "priority": null, "scope": null, "maxGrants": "100", "claimBy": "0",
    "validSeconds": "0"}',
  sha256('a rule'), 100, 1, '\x000000000000000000000000'::bytea || account,
  '2025-06-15 12:00:40+00', '2025-06-15 12:00:41+00'
from signed_allowances where id = (select campaign from promotion_codes limit 1);
