-- What each provider was promised last: every checkpoint from `epoch` on pays `earned`, and no event that was recorded until
-- `given_at` is taken back.
create table receipts (
  provider bytea primary key,
  earned bigint not null,
  epoch bigint not null,
  given_at timestamptz not null
);
