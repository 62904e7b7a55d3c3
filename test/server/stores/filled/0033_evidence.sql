insert into meter_keys (provider, meter_key, created_at)
values (decode(repeat('22', 20), 'hex'), decode(repeat('33', 20), 'hex'),
  '2025-06-15 12:00:51+00');
update meter_keys set revoked_at = '2025-06-15 12:00:53+00';
insert into evidence (provider, event_id, meter_key, content, signature, attested, recorded_at)
values (decode(repeat('22', 20), 'hex'), 'an event', decode(repeat('33', 20), 'hex'),
  '{"utilisationBps":9300}', decode(repeat('44', 65), 'hex'),
  '{"verified": false, "issuer": null, "nonceIsOfEvent": false, "expiresAt": null}', '2025-06-15 12:00:52+00');
