// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Movement} from "../../../contracts/libraries/Movement.sol";
import {PartyRecord} from "../../../contracts/libraries/PartyRecord.sol";
import {Test} from "../support/Test.sol";

/// @dev Five numbers in one word: none spills into another.
contract PartyRecordTest is Test {
    PartyRecord internal constant EMPTY = PartyRecord.wrap(0);

    struct Row {
        uint64 spent;
        uint64 refunded;
        uint64 earned;
    }

    function recordOf(uint64 purchased, Row memory row) internal pure returns (PartyRecord) {
        return EMPTY.withPurchase(purchased).withRow(row.spent, row.refunded, row.earned);
    }

    function halved(Row memory row) internal pure returns (Row memory) {
        return Row(row.spent / 2, row.refunded / 2, row.earned / 2);
    }

    function sameNumbers(PartyRecord record, uint64 purchased, Row memory row) internal pure {
        same(record.purchased(), purchased, "purchased");
        same(record.spent(), row.spent, "spent");
        same(record.refunded(), row.refunded, "refunded");
        same(record.earned(), row.earned, "earned");
    }

    function test_eachNumber_isReadAsItWasWritten(uint64 purchased, Row memory row) external pure {
        purchased /= 2;
        sameNumbers(recordOf(purchased, row), purchased, row);
    }

    function test_aPurchase_addsToPurchasedAlone(
        uint64 first,
        uint64 second,
        Row memory row
    ) external pure {
        (first, second) = (first / 4, second / 4);
        sameNumbers(recordOf(first, row).withPurchase(second), first + second, row);
    }

    function test_aRow_replacesTheOldRow_andKeepsTheRest(
        uint64 purchased,
        bool elsewhere,
        Row memory old,
        Row memory next
    ) external pure {
        purchased /= 2;
        PartyRecord record = recordOf(purchased, old).withRedirection(elsewhere);
        record = record.withRow(next.spent, next.refunded, next.earned);
        sameNumbers(record, purchased, next);
        yes(record.isRedirected() == elsewhere, "redirected");
    }

    function test_aRedirection_changesNothingElse(
        uint64 purchased,
        bool elsewhere,
        Row memory row
    ) external pure {
        purchased /= 2;
        PartyRecord record = recordOf(purchased, row).withRedirection(elsewhere);
        yes(record.isRedirected() == elsewhere, "redirected");
        sameNumbers(record, purchased, row);
        yes(record.withRedirection(false).equals(recordOf(purchased, row)), "and back");
    }

    function test_theMovementBetweenTwoRecords_leadsFromOneToTheOther(
        uint64 purchased,
        bool elsewhere,
        Row memory old,
        Row memory more
    ) external pure {
        purchased /= 2;
        (old, more) = (halved(old), halved(more));
        PartyRecord before = recordOf(purchased, old).withRedirection(elsewhere);
        PartyRecord next = before.withRow(
            old.spent + more.spent,
            old.refunded + more.refunded,
            old.earned + more.earned
        );
        Movement moved = next.since(before);
        same(moved.spent(), more.spent, "newly spent");
        same(moved.refunded(), more.refunded, "newly refunded");
        yes(before.plus(moved).equals(next), "there again");
    }

    function test_equalRecords_haveEqualNumbers(uint64 purchased, Row memory row) external pure {
        purchased /= 4;
        PartyRecord record = recordOf(purchased, row);
        yes(record.equals(recordOf(purchased, row)), "equal");
        yes(!record.equals(record.withPurchase(1)), "not equal");
        yes(!record.equals(record.withRedirection(true)), "not equal when redirected");
    }
}
