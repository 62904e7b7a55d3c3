insert into acts (request, act, actor_kind, actor, account, provider, client_address, details) values
  ('6f1c3f0e-58a3-4c0e-9f0e-0f6f3a1b2c3d', 'addViewKey', 'session',
   '0x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', '\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0',
   '\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', '192.0.2.7', '{"label": "accountant"}');
