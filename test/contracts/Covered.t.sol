// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {IDisputes} from "../../contracts/interfaces/IDisputes.sol";
import {Fixture} from "./support/Fixture.sol";
import {Table} from "./support/Table.sol";

/// @dev At most 50 credits may leave as earnings and fees beyond covered spending. Payer and other
///      payer bought 1,000 credits each. In the final table the payer has spent 200.
abstract contract LimitFixture is Fixture {
    ICreditTypes.Row[] internal rows;

    function unprovenLimit() internal pure virtual override returns (uint64) {
        return 50 * CREDIT;
    }

    function setUp() public virtual override {
        super.setUp();
        buy(payer, 1_000 * CREDIT);
        buy(otherPayer, 1_000 * CREDIT);
        rows.push(row(payer, 200 * CREDIT, 0, 0));
        rows.push(row(provider, 0, 0, 190 * CREDIT));
        finalize(rows);
    }

    function signFor(uint64 accountCap, uint64 counter) internal {
        IDisputes.Allowance memory allowance;
        allowance.account = payer;
        allowance.accountCap = accountCap;
        allowance.counter = counter;
        court.recordCap(allowance, sign(PAYER_KEY, court.hashAllowance(allowance)));
    }

    function cover(uint256 index, uint64 counter) internal {
        court.coverSpending(rows[index], Table.proof(rows, index), counter);
    }

    function finalizeWith(
        ICreditTypes.Row[] memory list,
        uint64 spent,
        uint64 refunded,
        uint64 earned
    ) internal {
        ICreditTypes.Checkpoint memory checkpoint = checkpointOf(list);
        (checkpoint.spent, checkpoint.refunded, checkpoint.earned) = (spent, refunded, earned);
        submit(checkpoint);
        skip(DISPUTE);
    }
}

contract CoverSpendingTest is LimitFixture {
    function test_ofASignedRow_settlesIt_andFreesItsEarnings() external {
        same(settle(rows, 1), 500_000, "the limit");
        same(settle(rows, 1), 0, "nothing more");
        same(credits.claimFees(), 0, "fees come after earnings");

        signFor(300 * CREDIT, 0);
        vm.expectEmit(address(court));
        emit IDisputes.SpendingCovered(payer, 0, 200 * CREDIT);
        cover(0, 0);
        same(court.coveredSpentOf(payer), 200 * CREDIT, "covered");
        sameParty(payer, 1_000 * CREDIT, 200 * CREDIT, 0, 0);
        same(settle(rows, 1), 1_400_000, "the rest, once the payer's row is covered");
        same(credits.claimFees(), 100_000, "the fee");
    }

    function test_withACapBelowTheRow_coversUpToTheCap() external {
        signFor(120 * CREDIT, 0);
        cover(0, 0);
        sameParty(payer, 1_000 * CREDIT, 120 * CREDIT, 0, 0);
        same(settle(rows, 1), 1_700_000, "120 covered, plus the limit");
    }

    function test_again_changesNothing_evenWithALowerCap() external {
        signFor(300 * CREDIT, 0);
        cover(0, 0);
        vm.recordLogs();
        cover(0, 0);
        same(vm.getRecordedLogs().length, 0, "no event");
        vm.prank(payer);
        credits.revokeAll();
        signFor(150 * CREDIT, 1);
        cover(0, 1);
        same(court.coveredSpentOf(payer), 200 * CREDIT, "unchanged");
        sameParty(payer, 1_000 * CREDIT, 200 * CREDIT, 0, 0);
    }

    function test_withACapOfAnEndedCounter_countsDuringTheGrace() external {
        signFor(300 * CREDIT, 0);
        vm.prank(payer);
        credits.revokeAll();
        skip(COUNTER_GRACE);
        rows[0].spent = 250 * CREDIT;
        rows[1].earned = 240 * CREDIT;
        finalize(rows);
        cover(0, 0);
        same(
            court.coveredSpentOf(payer),
            250 * CREDIT,
            "submitted in the last second of the grace"
        );

        rows[0].spent = 260 * CREDIT;
        rows[1].earned = 250 * CREDIT;
        finalize(rows);
        bytes32[] memory proof = Table.proof(rows, 0);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.CounterEnded.selector, payer, uint64(0)));
        court.coverSpending(rows[0], proof, 0);
        settle(rows, 0);
        sameParty(payer, 1_000 * CREDIT, 250 * CREDIT, 0, 0);
    }

    function test_withARowOfAnotherTable_reverts() external {
        signFor(300 * CREDIT, 0);
        ICreditTypes.Row[] memory forged = table(row(payer, 300 * CREDIT, 0, 0));
        vm.expectRevert(
            abi.encodeWithSelector(
                ICreditTypes.RowNotInCheckpoint.selector,
                payer,
                Table.root(forged)
            )
        );
        court.coverSpending(forged[0], new bytes32[](0), 0);
    }

    function test_withARowOfThePendingTable_reverts() external {
        signFor(300 * CREDIT, 0);
        ICreditTypes.Row[] memory next = table(
            row(payer, 300 * CREDIT, 0, 0),
            row(provider, 0, 0, 285 * CREDIT)
        );
        submit(next);
        bytes32[] memory proof = Table.proof(next, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICreditTypes.RowNotInCheckpoint.selector,
                payer,
                Table.root(next)
            )
        );
        court.coverSpending(next[0], proof, 0);
    }
}

/// @dev A wholly dishonest quorum takes at most the limit and the covered spending, even if no
///      watcher disputes its checkpoints.
contract UnprovenLimitTest is LimitFixture {
    function test_totalsWithoutRows_takeAtMostTheLimit() external {
        ICreditTypes.Row[] memory forged = table(row(provider, 0, 0, 1_900 * CREDIT));
        finalizeWith(forged, 2_000 * CREDIT, 0, 1_900 * CREDIT);
        settle(forged, 0);
        same(dollar.balanceOf(provider), 500_000, "the limit");
    }

    /// @dev A forged row of a payer that spent nothing once counted as proof of spending.
    function test_secretRow_takesAtMostTheLimit_andBurnsNothing() external {
        ICreditTypes.Row[] memory forged = table(
            row(payer, 200 * CREDIT, 0, 0),
            row(otherPayer, 1_000 * CREDIT, 0, 0),
            row(provider, 0, 0, 1_190 * CREDIT)
        );
        finalizeWith(forged, 1_200 * CREDIT, 0, 1_190 * CREDIT);
        same(settle(forged, 1), 0, "charges no party");
        sameParty(otherPayer, 1_000 * CREDIT, 0, 0, 0);
        signFor(300 * CREDIT, 0);
        court.coverSpending(forged[0], Table.proof(forged, 0), 0);
        settle(forged, 2);
        same(dollar.balanceOf(provider), 2_500_000, "200 covered, plus the limit");
    }

    /// @dev An unused cap of an ended counter covers no later spending.
    function test_capOfAnEndedCounter_coversNothing() external {
        signFor(1_000 * CREDIT, 0);
        vm.prank(payer);
        credits.revokeAll();
        skip(COUNTER_GRACE + 1);
        ICreditTypes.Row[] memory forged = table(
            row(payer, 1_000 * CREDIT, 0, 0),
            row(provider, 0, 0, 990 * CREDIT)
        );
        finalize(forged);
        bytes32[] memory proof = Table.proof(forged, 0);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.CounterEnded.selector, payer, uint64(0)));
        court.coverSpending(forged[0], proof, 0);
        settle(forged, 0);
        sameParty(payer, 1_000 * CREDIT, 0, 0, 0);
    }
}

/// @dev With a limit of zero, all uncovered spending stays in the unspent pool.
contract ExitUnderLimitTest is LimitFixture {
    function unprovenLimit() internal pure override returns (uint64) {
        return 0;
    }

    function setUp() public override {
        super.setUp();
        rows.push(row(otherPayer, 0, 0, 0));
        finalize(rows);
        vm.prank(otherPayer);
        credits.requestRefund(100 * CREDIT);
        skip(REFUND + 1);
        credits.freeze(otherPayer);
    }

    function exit(uint256 index) internal returns (uint256) {
        return credits.exit(rows[index], Table.proof(rows, index));
    }

    function test_withoutAProof_comesBeforeUnprovenEarnings() external {
        skip(GRACE);
        same(credits.exitWithoutProof(payer), 10e6, "in full");
        same(credits.exitWithoutProof(otherPayer), 10e6, "in full");
        signFor(300 * CREDIT, 0);
        cover(0, 0);
        same(settle(rows, 1), 0, "the payer's row was not covered in time");
        same(dollar.balanceOf(address(credits)), 0, "the vault is exactly empty");
    }

    function test_afterCover_leavesEarningsAndFees() external {
        signFor(300 * CREDIT, 0);
        cover(0, 0);
        same(settle(rows, 1), 1_900_000, "earnings");
        same(exit(0), 8e6, "payer");
        same(exit(2), 10e6, "other payer");
        same(credits.claimFees(), 100_000, "fees");
        same(dollar.balanceOf(address(credits)), 0, "nothing left");
    }

    /// @dev Otherwise a payer could take spent credits out before its cap is recorded.
    function test_withAProof_usesTheRowsSpending_coveredOrNot() external {
        same(exit(0), 8e6, "800 of its 1,000");
        same(exit(0), 0, "once");
        signFor(300 * CREDIT, 0);
        cover(0, 0);
        same(settle(rows, 1), 1_900_000, "the provider is still paid in full");
        same(exit(2), 10e6, "the other payer is paid in full");
    }

    function test_withUncoveredSpending_paysTheRestAfterTheGrace() external {
        exit(0);
        skip(GRACE);
        same(credits.exitWithoutProof(payer), 2e6, "the 200 without cover");
    }

    function test_withAForgedRow_reverts() external {
        same(credits.unspentPool(), 2_000 * CREDIT, "all of it");
        rows[0].spent = 3_000 * CREDIT;
        vm.expectRevert(
            abi.encodeWithSelector(
                ICreditTypes.RowNotInCheckpoint.selector,
                payer,
                Table.root(rows)
            )
        );
        this.exitWith(rows[0], Table.proof(rows, 0));
    }

    function exitWith(ICreditTypes.Row calldata claimed, bytes32[] calldata proof) external {
        credits.exit(claimed, proof);
    }
}

/// @dev A final table that charges a payer more than its purchases, because no watcher disputed it.
contract ExitByALyingTableTest is LimitFixture {
    function test_byALyingRow_paysNothing_thenAllUncoveredAfterTheGrace() external {
        rows[0].spent = 1_500 * CREDIT;
        finalizeWith(rows, 300 * CREDIT, 0, 290 * CREDIT);
        vm.prank(otherPayer);
        credits.requestRefund(100 * CREDIT);
        skip(REFUND + 1);
        credits.freeze(otherPayer);
        same(credits.exit(rows[0], Table.proof(rows, 0)), 0, "nothing unspent by its row");
        skip(GRACE);
        same(credits.exitWithoutProof(payer), 10e6, "no spending is covered");
        same(credits.exitWithoutProof(otherPayer), 9_500_000, "the limit is lost");
    }
}
