insert into provider_profiles (provider, issued_at, listed, name, endpoints, regions, hardware,
  terms, signature, published_at)
values (decode(repeat('22', 20), 'hex'), 1750000000, true, 'North GPU',
  '{"https://gpu.example/v1"}', '{eu-north-1}', '{"8 x H100 SXM"}', '', '\x12',
  '2025-06-15 12:00:50+00');
