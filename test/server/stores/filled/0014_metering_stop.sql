insert into metering_stop (message) values ('the ledger is behind');
