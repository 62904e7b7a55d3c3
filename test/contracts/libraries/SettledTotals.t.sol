// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Movement, refundMovement} from "../../../contracts/libraries/Movement.sol";
import {PartyRecord} from "../../../contracts/libraries/PartyRecord.sol";
import {SettledTotals} from "../../../contracts/libraries/SettledTotals.sol";
import {Test} from "../support/Test.sol";

/// @dev Four sums in one word: none spills into another.
contract SettledTotalsTest is Test {
    SettledTotals internal constant EMPTY = SettledTotals.wrap(0);

    function movementOf(
        uint64 spent,
        uint64 refunded,
        uint64 earned
    ) internal pure returns (Movement) {
        PartyRecord empty = PartyRecord.wrap(0);
        return empty.withRow(spent, refunded, earned).since(empty);
    }

    function test_movementsAndFees_addUpNumberByNumber(
        uint64[4] memory a,
        uint64[4] memory b
    ) external pure {
        for (uint256 i = 0; i < 4; ++i) (a[i], b[i]) = (a[i] / 2, b[i] / 2);
        SettledTotals totals = EMPTY.plus(movementOf(a[0], a[1], a[2])).plusFees(a[3]);
        totals = totals.plus(movementOf(b[0], b[1], b[2])).plusFees(b[3]);
        same(totals.spent(), a[0] + b[0], "spent");
        same(totals.refunded(), a[1] + b[1], "refunded");
        same(totals.earned(), a[2] + b[2], "earned");
        same(totals.feesTaken(), a[3] + b[3], "fees");
    }

    function test_aRefund_movesRefundedAlone(uint64 micros) external pure {
        SettledTotals totals = EMPTY.plus(refundMovement(micros));
        same(totals.refunded(), micros, "refunded");
        same(totals.spent() + totals.earned() + totals.feesTaken(), 0, "nothing else");
    }
}
