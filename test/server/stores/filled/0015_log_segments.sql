insert into log_segments (number, up_to, entries, entries_hash, head)
  values (1, '1:9:', 3, decode(repeat('e1', 32), 'hex'), decode(repeat('ad', 32), 'hex'));
insert into log_head_signatures (segment, signer, signature)
  values (1, decode(repeat('51', 20), 'hex'), '\x01');
