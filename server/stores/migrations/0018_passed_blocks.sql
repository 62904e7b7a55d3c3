-- Blocks whose bloom filter may deny their logs: an operator ordered it, one block at a time.
create table passed_blocks (
  block_hash bytea primary key check (octet_length(block_hash) = 32),
  block_number bigint not null check (block_number > 0),
  ordered_at timestamptz not null default clock_timestamp()
);
alter table log_notes drop constraint log_notes_kind_check;
alter table log_notes add constraint log_notes_kind_check check (kind in ('hold_end', 'revocation',
  'access_end', 'blocks', 'refund', 'receipt', 'write_off', 'issuing_key', 'issuing_key_end',
  'rule', 'provider_approval', 'acceptance', 'missed_events', 'passed_block'));
