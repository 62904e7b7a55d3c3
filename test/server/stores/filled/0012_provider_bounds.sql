insert into provider_uses (provider, spenders) values ('\x7777777777777777777777777777777777777777', 3);
