insert into rate_limits (key, points, expire) values ('sensitive:198.51.100.1', 3, 1780000000000);
