-- The log as it was published, in pieces whose hashes form a chain: copies of it can be checked.
create table log_segments (
  number bigint primary key check (number > 0),
  -- PostgreSQL snapshots, as text: the entries that `up_to` sees and `since` does not
  since text,
  up_to text not null,
  entries bigint not null check (entries > 0),
  entries_hash bytea not null check (octet_length(entries_hash) = 32),
  head bytea not null check (octet_length(head) = 32),
  published_at timestamptz not null default clock_timestamp(),
  constraint only_the_first_begins_the_log check ((number = 1) = (since is null))
);

-- Signers sign the newest head, which stands for all before it.
create table log_head_signatures (
  segment bigint not null references log_segments,
  signer bytea not null check (octet_length(signer) = 20),
  signature bytea not null,
  primary key (segment, signer)
);
