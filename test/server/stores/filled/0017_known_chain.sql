insert into known_chain (court, terms, origin_time)
  values (decode(repeat('c0', 20), 'hex'), '{}', '2026-01-01T00:00:00Z');
