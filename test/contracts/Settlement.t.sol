// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {Fixture} from "./support/Fixture.sol";
import {Table} from "./support/Table.sol";

/// @dev The payer bought 1,000 credits, spent 100 and is due a refund of 200. The provider earned
///      95, so the fee is 5.
contract SettleTest is Fixture {
    ICreditTypes.Row[] internal rows;

    function setUp() public override {
        super.setUp();
        buy(payer, 1_000 * CREDIT);
        rows.push(row(payer, 100 * CREDIT, 200 * CREDIT, 0));
        rows.push(row(provider, 0, 0, 95 * CREDIT));
    }

    function test_beforeFinality_reverts() external {
        submit(rows);
        skip(DISPUTE - 1);
        bytes32[] memory proof = Table.proof(rows, 0);
        vm.expectRevert(abi.encodeWithSelector(ICreditTypes.EpochNotFinal.selector, 1));
        credits.settle(rows[0], 1, proof);
        skip(1);
        credits.settle(rows[0], 1, proof);
    }

    function test_payersRow_paysTheRefund_andBurnsSpentCredits() external {
        finalize(rows);
        uint256 before = dollar.balanceOf(payer);
        vm.expectEmit(address(credits));
        emit IERC20.Transfer(payer, address(0), 300 * CREDIT);
        vm.expectEmit(address(credits));
        emit ISettlement.RowSettled(payer, 1, 100 * CREDIT, 200 * CREDIT, 0, 2e6);
        same(settle(rows, 0), 2e6, "paid");
        same(dollar.balanceOf(payer) - before, 2e6, "received");
        sameParty(payer, 1_000 * CREDIT, 100 * CREDIT, 200 * CREDIT, 0);
        same(credits.balanceOf(payer), 700 * CREDIT, "balance");
        same(credits.totalSupply(), 700 * CREDIT, "supply");
    }

    function test_providersRow_paysEarnings() external {
        finalize(rows);
        vm.recordLogs();
        same(settle(rows, 1), 950_000, "paid");
        same(vm.getRecordedLogs().length, 2, "two events: the row and the payment");
        same(credits.owedTo(provider), 0, "nothing is owed");
        same(dollar.balanceOf(provider), 950_000, "received");
        sameParty(provider, 0, 0, 0, 95 * CREDIT);
    }

    function test_sameRowAgain_changesNothing() external {
        finalize(rows);
        settle(rows, 0);
        vm.recordLogs();
        same(settle(rows, 0), 0, "paid");
        same(vm.getRecordedLogs().length, 0, "events");
        sameParty(payer, 1_000 * CREDIT, 100 * CREDIT, 200 * CREDIT, 0);
    }

    function test_forgedRow_reverts() external {
        finalize(rows);
        ICreditTypes.Row memory forged = row(provider, 0, 0, 96 * CREDIT);
        bytes32[] memory proof = Table.proof(rows, 1);
        bytes32 root = Hashes.commutativeKeccak256(Table.leaf(forged), proof[0]);
        vm.expectRevert(
            abi.encodeWithSelector(ICreditTypes.RowNotInCheckpoint.selector, provider, root)
        );
        credits.settle(forged, 1, proof);
    }

    function test_beforeAnyCheckpoint_reverts() external {
        for (uint256 epoch = 0; epoch < 3; ++epoch) {
            vm.expectRevert(abi.encodeWithSelector(ICreditTypes.EpochNotFinal.selector, epoch));
            credits.settle(rows[0], epoch, new bytes32[](0));
        }
    }

    function test_rowOfTheCheckpointBefore_works_untilTheNextIsSubmitted() external {
        finalize(rows);
        ICreditTypes.Row[] memory next = table(
            row(payer, 200 * CREDIT, 200 * CREDIT, 0),
            row(provider, 0, 0, 190 * CREDIT)
        );
        finalize(next);
        same(settle(rows, 1), 950_000, "the older row pays");
        same(settle(next, 1), 950_000, "the newer row pays the difference");
        same(settle(rows, 1), 0, "the older row pays nothing more");
        sameParty(provider, 0, 0, 0, 190 * CREDIT);

        submit(next);
        bytes32[] memory proof = Table.proof(rows, 0);
        vm.expectRevert(abi.encodeWithSelector(ICreditTypes.EpochNotFinal.selector, 1));
        credits.settle(rows[0], 1, proof);
    }

    function test_anotherEpoch_reverts(uint256 epoch) external {
        vm.assume(epoch != 1);
        finalize(rows);
        bytes32[] memory proof = Table.proof(rows, 0);
        vm.expectRevert(abi.encodeWithSelector(ICreditTypes.EpochNotFinal.selector, epoch));
        credits.settle(rows[0], epoch, proof);
    }

    function test_rowOfTheOtherFinalEpoch_reverts() external {
        finalize(rows);
        finalize(
            table(row(payer, 200 * CREDIT, 200 * CREDIT, 0), row(provider, 0, 0, 190 * CREDIT))
        );
        bytes32[] memory proof = Table.proof(rows, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICreditTypes.RowNotInCheckpoint.selector,
                payer,
                Table.root(rows)
            )
        );
        credits.settle(rows[0], 2, proof);
    }

    /// @dev The stateful invariants found this: epochs without a change have the same root.
    function test_whileACheckpointWithTheSameRootIsPending_works() external {
        finalize(rows);
        submit(rows);
        same(credits.settle(rows[0], 1, Table.proof(rows, 0)), 2e6, "while epoch 2 is pending");
        skip(DISPUTE);
        submit(rows);
        same(credits.settle(rows[1], 2, Table.proof(rows, 1)), 950_000, "while epoch 3 is pending");
    }

    function test_inSteps_addsUpInTheSettledTotals() external {
        ICreditTypes.Row[] memory next = table(
            row(payer, 100 * CREDIT, 10 * CREDIT, 0),
            row(provider, 0, 0, 95 * CREDIT)
        );
        for (uint64 i = 1; i <= 2; ++i) {
            (next[0].spent, next[0].refunded, next[1].earned) = (
                100 * i * CREDIT,
                10 * i * CREDIT,
                95 * i * CREDIT
            );
            finalize(next);
            settle(next, 0);
            settle(next, 1);
        }
        (uint64 spent, uint64 refunded, uint64 earned, ) = credits.settledTotals();
        same(spent, 200 * CREDIT, "spent");
        same(refunded, 20 * CREDIT, "refunded");
        same(earned, 190 * CREDIT, "earned");
    }

    function test_inManyParts_paysTheSameAsAtOnce() external {
        uint256 paid = 0;
        for (uint64 i = 1; i <= 7; ++i) {
            ICreditTypes.Row[] memory next = table(
                row(payer, 33 * i, 0, 0),
                row(provider, 0, 0, 33 * i)
            );
            finalize(next);
            paid += settle(next, 1);
        }
        same(paid, 2, "231 micro-credits are two base units");
    }
}

contract RoundingTest is Fixture {
    /// @dev Earnings in any parts lose less than one base unit in total.
    function testFuzz_earningsInParts_payTheSameAsTheWhole(uint32[4] calldata parts) external {
        uint64 total = 1;
        for (uint256 i = 0; i < parts.length; ++i) total += parts[i];
        buy(payer, total);
        uint64 earned = 0;
        uint256 paid = 0;
        for (uint256 i = 0; i < parts.length; ++i) {
            earned += parts[i];
            ICreditTypes.Row[] memory rows = table(
                row(payer, earned, 0, 0),
                row(provider, 0, 0, earned)
            );
            finalize(rows);
            paid += settle(rows, 1);
        }
        same(paid, earned / 100, "the whole, rounded down once");
    }

    /// @dev A purchase with an immediate refund gains nothing and loses at most one base unit.
    function testFuzz_purchaseAndRefund_neverGainABaseUnit(uint64 amount) external {
        uint64 micros = uint64(between(amount, 1, 1e12));
        uint256 cost = credits.priceOf(micros);
        buy(payer, micros);
        ICreditTypes.Row[] memory rows = table(row(payer, 0, micros, 0));
        finalize(rows);
        uint256 back = settle(rows, 0);
        atMost(back, cost, "gain");
        atMost(cost, back + 1, "loss");
    }
}

contract ClaimFeesTest is Fixture {
    function test_afterACheckpoint_paysSpendingLessEarningsOnce() external {
        buy(payer, 1_000 * CREDIT);
        finalize(table(row(payer, 100 * CREDIT, 0, 0), row(provider, 0, 0, 95 * CREDIT)));
        vm.expectEmit(address(credits));
        emit ISettlement.FeesClaimed(feeRecipient, 5 * CREDIT, 50_000);
        same(credits.claimFees(), 50_000, "paid");
        same(dollar.balanceOf(feeRecipient), 50_000, "received");
        same(credits.claimFees(), 0, "nothing left");
    }
}
