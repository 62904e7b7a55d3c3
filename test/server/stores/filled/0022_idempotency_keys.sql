insert into idempotency_keys
  (caller, key, fingerprint, holder, lease, leased_until, applied, status, content_type, body,
   made_id)
values
  (decode(repeat('61', 32), 'hex'), 'an answered key', decode(repeat('62', 32), 'hex'),
   decode(repeat('63', 32), 'hex'), '00000000-0000-4000-8000-000000000001', now(), true,
   201, 'application/json; charset=utf-8', '{}', null),
  (decode(repeat('61', 32), 'hex'), 'a secret answer', decode(repeat('62', 32), 'hex'),
   decode(repeat('63', 32), 'hex'), '00000000-0000-4000-8000-000000000002', now(), true,
   null, null, null, 'the id of a session'),
  (decode(repeat('61', 32), 'hex'), 'a key in flight', decode(repeat('62', 32), 'hex'),
   decode(repeat('63', 32), 'hex'), '00000000-0000-4000-8000-000000000003', now(), false,
   null, null, null, null);
