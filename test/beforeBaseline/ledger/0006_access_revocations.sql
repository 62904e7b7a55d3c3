-- Keys and access are taken back for good: the signature, or the secret, that gave them could be shown again.
alter table provider_keys add column revoked_at timestamptz;
alter table provider_access add column revoked_at timestamptz;

-- Counts the revocations of access. Servers remember access as long as it has not changed; the row's lock keeps the count in
-- the order of the commits.
create table access_revocations (
  only_one boolean primary key default true check (only_one),
  count bigint not null check (count >= 0)
);
insert into access_revocations (count) values (0);
