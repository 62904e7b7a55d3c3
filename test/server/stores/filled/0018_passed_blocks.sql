insert into passed_blocks (block_hash, block_number)
values (decode(repeat('ab', 32), 'hex'), 7);
