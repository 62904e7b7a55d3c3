insert into log_segments (number, since, up_to, entries, entries_hash, head)
  values (1, null, '1:9:', 3, decode(repeat('e1', 32), 'hex'), decode(repeat('ad', 32), 'hex')),
    (2, '1:9:', '1:12:', 2, decode(repeat('e2', 32), 'hex'), decode(repeat('ae', 32), 'hex'));
insert into log_head_signatures (segment, signer, signature)
  values (1, decode(repeat('51', 20), 'hex'), '\x01');
