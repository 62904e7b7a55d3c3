-- What addresses used of the rate limits that all servers share. `expire` is in milliseconds since
-- 1970. A crash of the database may empty it: unlogged tables cost no write-ahead log.
create unlogged table rate_limits (
  key varchar(255) primary key,
  points integer not null,
  expire bigint
);
create index rate_limits_by_end on rate_limits (expire);
