-- What servers have read of the contract, so that they start while no endpoint of the chain answers.
-- The terms never change.
create table known_chain (
  only_one boolean primary key default true check (only_one),
  court bytea not null check (octet_length(court) = 20),
  terms jsonb not null,
  -- of the block before the deployment, whose number and hash are in `deployment`
  origin_time timestamptz not null
);
