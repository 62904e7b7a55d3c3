insert into sessions (token_hash, address, label, expires_at) values
  (decode(repeat('61', 32), 'hex'), '\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', 'a page', '2099-01-01');
insert into used_nonces (nonce, expires_at) values (decode(repeat('62', 16), 'hex'), '2099-01-01');
insert into view_keys (key_hash, account, expires_at) values
  (decode(repeat('63', 32), 'hex'), '\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', '2099-01-01');
insert into view_keys (key_hash, account, expires_at, revoked_at) values
  (decode(repeat('64', 32), 'hex'), '\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', '2099-01-01', '2026-01-01');
insert into key_details (key_hash, label, used_at) values
  (decode(repeat('63', 32), 'hex'), 'accountant', '2026-01-01');
