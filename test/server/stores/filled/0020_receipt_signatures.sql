insert into receipt_signatures (provider, signer, earned, epoch, signature) values
  ('\x9b78803558f9ea56f4f0a966322c8dd9b2fbebc0', decode(repeat('51', 20), 'hex'), 367, 2, decode(repeat('52', 65), 'hex'));
