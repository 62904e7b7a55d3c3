// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICheckpoints} from "../../contracts/interfaces/ICheckpoints.sol";
import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {Fixture} from "./support/Fixture.sol";

/// @dev In a vault with a limit the guardian may veto each epoch once. A guardian that is also a
///      payer could otherwise veto each checkpoint that shows its spending, and exit with spent
///      credits.
contract GuardianUnderLimitTest is Fixture {
    ICreditTypes.Row[] internal rows;

    function unprovenLimit() internal pure override returns (uint64) {
        return 50 * CREDIT;
    }

    function setUp() public override {
        super.setUp();
        buy(payer, 1_000 * CREDIT);
        rows.push(row(payer, 100 * CREDIT, 0, 0));
        rows.push(row(provider, 0, 0, 100 * CREDIT));
    }

    function veto() private {
        vm.prank(guardian);
        credits.veto();
    }

    function vetoReverts(uint64 epoch) private {
        vm.expectRevert(abi.encodeWithSelector(ICheckpoints.VetoUsedUp.selector, epoch));
        vm.prank(guardian);
        credits.veto();
    }

    function test_secondVetoOfAnEpoch_reverts() external {
        submit(rows);
        veto();
        skip(1);
        submit(rows);
        vetoReverts(1);
        skip(DISPUTE);
        same(credits.finalCheckpoint().epoch, 1, "final");

        submit(rows);
        veto();
        skip(1);
        submit(rows);
        vetoReverts(2);
    }

    /// @dev The worst case for a request: right after a checkpoint, with a veto of the next one in
    ///      its last second, and late answers to challenges of both.
    function test_vetoInTheWorstMoment_leavesTimeForARefund() external {
        submit(rows);
        vm.prank(payer);
        credits.requestRefund(100 * CREDIT);
        uint256 requestedAt = timeNow();
        skip(DISPUTE + ANSWER);
        rows[0].refunded = 100 * CREDIT;
        submit(rows);
        skip(DISPUTE - 1);
        veto();
        skip(1);
        submit(rows);
        skip(DISPUTE + ANSWER);
        settle(rows, 0);
        atMost(
            block.timestamp - requestedAt,
            3 * (DISPUTE + ANSWER),
            "within the shortest refund window"
        );
        same(credits.refundRequestOf(payer).requestedMicros, 0, "served");
    }
}

/// @dev Without a limit only a veto stops totals that no row shows, so the guardian can always
///      veto.
contract GuardianTest is Fixture {
    function test_withoutALimit_canVetoAnEpochAgain() external {
        buy(payer, 1_000 * CREDIT);
        for (uint256 i = 0; i < 3; ++i) {
            submit(table(row(payer, 100 * CREDIT, 0, 0), row(provider, 0, 0, 100 * CREDIT)));
            vm.prank(guardian);
            credits.veto();
            skip(1);
        }
        same(credits.finalCheckpoint().epoch, 0, "none is final");
    }
}
