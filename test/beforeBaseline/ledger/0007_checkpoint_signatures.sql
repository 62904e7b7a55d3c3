-- Who signed a checkpoint: the meter's own signers, and co-signers who reproduced it first.
create table checkpoint_signatures (
  checkpoint bigint not null references checkpoints,
  signer bytea not null check (octet_length(signer) = 20),
  signature bytea not null,
  primary key (checkpoint, signer)
);
insert into checkpoint_signatures (checkpoint, signer, signature)
  select id, decode(substr(signed->>'signer', 3), 'hex'), decode(substr(signed->>'signature', 3), 'hex')
  from checkpoints, jsonb_array_elements(signatures) as signed;

-- When the meter decided to sign: written before a signature is made, and never taken back.
alter table checkpoints add column signing_at timestamptz;
update checkpoints set signing_at = created_at where signatures is not null;
alter table checkpoints drop column signatures;

-- When a prepared checkpoint was given up, to be cut anew. It no longer counts, as a dropped one (`dropped` is set, too).
alter table checkpoints add column abandoned_at timestamptz;

-- Two different ones signed for one epoch cost the bond. One that was signed is followed by another only after the chain
-- has dropped it.
alter table checkpoints add constraint signed_or_abandoned check (signing_at is null or abandoned_at is null);
alter table checkpoints add constraint abandoned_counts_no_more check (abandoned_at is null or dropped);
create unique index one_signed_checkpoint_per_epoch on checkpoints (epoch) where signing_at is not null and not dropped;
