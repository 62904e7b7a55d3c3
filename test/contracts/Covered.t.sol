// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {IDisputes} from "../../contracts/interfaces/IDisputes.sol";
import {Fixture} from "./support/Fixture.sol";
import {Table} from "./support/Table.sol";

/// @dev At most 50 credits may leave as earnings and fees beyond what payers are known to have signed for. Payer and
///      other payer bought 1,000 credits each; in the final table the payer has spent 200, and signed for 300.
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
    function test_settlesTheRow_andPaysProvidersWhatWasSignedFor() external {
        same(settle(rows, 1), 500_000, "the limit");
        same(settle(rows, 1), 0, "and no more");
        same(credits.claimFees(), 0, "fees come after earnings");

        signFor(300 * CREDIT, 0);
        vm.expectEmit(address(court));
        emit IDisputes.SpendingCovered(payer, 0, 200 * CREDIT);
        cover(0, 0);
        same(court.coveredSpentOf(payer), 200 * CREDIT, "covered");
        sameParty(payer, 1_000 * CREDIT, 200 * CREDIT, 0, 0);
        same(settle(rows, 1), 1_400_000, "the rest, once the payer's row is covered");
        same(credits.claimFees(), 100_000, "and the fee");
    }

    function test_goesAsFarAsTheCap() external {
        signFor(120 * CREDIT, 0);
        cover(0, 0);
        sameParty(payer, 1_000 * CREDIT, 120 * CREDIT, 0, 0);
        same(settle(rows, 1), 1_700_000, "120 signed for, and the limit");
    }

    function test_again_changesNothing_andNeverGoesBack() external {
        signFor(300 * CREDIT, 0);
        cover(0, 0);
        vm.recordLogs();
        cover(0, 0);
        same(vm.getRecordedLogs().length, 0, "no event");
        vm.prank(payer);
        credits.revokeAll();
        signFor(150 * CREDIT, 1);
        cover(0, 1);
        same(court.coveredSpentOf(payer), 200 * CREDIT, "as before");
        sameParty(payer, 1_000 * CREDIT, 200 * CREDIT, 0, 0);
    }

    function test_byACapOfACounterThatEnded_isGoodForTheGraceOnly() external {
        signFor(300 * CREDIT, 0);
        vm.prank(payer);
        credits.revokeAll();
        skip(COUNTER_GRACE);
        rows[0].spent = 250 * CREDIT;
        rows[1].earned = 240 * CREDIT;
        finalize(rows);
        cover(0, 0);
        same(court.coveredSpentOf(payer), 250 * CREDIT, "submitted in its last second");

        rows[0].spent = 260 * CREDIT;
        rows[1].earned = 250 * CREDIT;
        finalize(rows);
        bytes32[] memory proof = Table.proof(rows, 0);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.CounterEnded.selector, payer, uint64(0)));
        court.coverSpending(rows[0], proof, 0);
        settle(rows, 0);
        sameParty(payer, 1_000 * CREDIT, 250 * CREDIT, 0, 0);
    }

    function test_byARowOfAnotherTable_isRefused() external {
        signFor(300 * CREDIT, 0);
        ICreditTypes.Row[] memory forged = table(row(payer, 300 * CREDIT, 0, 0));
        vm.expectRevert(
            abi.encodeWithSelector(ICreditTypes.RowNotInCheckpoint.selector, payer, Table.root(forged))
        );
        court.coverSpending(forged[0], new bytes32[](0), 0);
    }

    function test_byThePendingTable_isRefused() external {
        signFor(300 * CREDIT, 0);
        ICreditTypes.Row[] memory next = table(
            row(payer, 300 * CREDIT, 0, 0),
            row(provider, 0, 0, 285 * CREDIT)
        );
        submit(next);
        bytes32[] memory proof = Table.proof(next, 0);
        vm.expectRevert(
            abi.encodeWithSelector(ICreditTypes.RowNotInCheckpoint.selector, payer, Table.root(next))
        );
        court.coverSpending(next[0], proof, 0);
    }
}

/// @dev What a wholly dishonest quorum can take where nobody looks: no more than the limit, and what was signed for.
contract UnprovenLimitTest is LimitFixture {
    function test_totalsWithoutRows_takeNoMoreThanTheLimit() external {
        ICreditTypes.Row[] memory forged = table(row(provider, 0, 0, 1_900 * CREDIT));
        finalizeWith(forged, 2_000 * CREDIT, 0, 1_900 * CREDIT);
        settle(forged, 0);
        same(dollar.balanceOf(provider), 500_000, "the limit");
    }

    /// @dev A secret second row of a payer once counted as proof of what nobody had spent.
    function test_aSecretRow_takesNoMoreThanTheLimit_andBurnsNothing() external {
        ICreditTypes.Row[] memory forged = table(
            row(payer, 200 * CREDIT, 0, 0),
            row(otherPayer, 1_000 * CREDIT, 0, 0),
            row(provider, 0, 0, 1_190 * CREDIT)
        );
        finalizeWith(forged, 1_200 * CREDIT, 0, 1_190 * CREDIT);
        same(settle(forged, 1), 0, "charges nobody");
        sameParty(otherPayer, 1_000 * CREDIT, 0, 0, 0);
        signFor(300 * CREDIT, 0);
        court.coverSpending(forged[0], Table.proof(forged, 0), 0);
        settle(forged, 2);
        same(dollar.balanceOf(provider), 2_500_000, "200 signed for, and the limit");
    }

    /// @dev An unused ceiling of an ended counter covers nothing that came after it.
    function test_aCeilingThatEnded_takesNothing() external {
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

/// @dev With a limit of zero, what no payer is known to have signed for belongs to exits.
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

    function test_withoutRows_comesBeforeUnprovenEarnings() external {
        skip(GRACE);
        same(credits.exitWithoutProof(payer), 10e6, "in full");
        same(credits.exitWithoutProof(otherPayer), 10e6, "in full");
        signFor(300 * CREDIT, 0);
        cover(0, 0);
        same(settle(rows, 1), 0, "nobody covered the payer's row in time");
        same(dollar.balanceOf(address(credits)), 0, "the vault is empty, and not below");
    }

    function test_withRows_earningsArePaid() external {
        signFor(300 * CREDIT, 0);
        cover(0, 0);
        same(settle(rows, 1), 1_900_000, "earnings");
        same(exit(0), 8e6, "payer");
        same(exit(2), 10e6, "other payer");
        same(credits.claimFees(), 100_000, "fees");
        same(dollar.balanceOf(address(credits)), 0, "nothing is left");
    }

    /// @dev Else a payer could leave with what it has spent, before anybody could record its cap.
    function test_byAProof_paysWhatItsOwnRowSaysIsUnspent_coveredOrNot() external {
        same(exit(0), 8e6, "800 of its 1,000");
        same(exit(0), 0, "once");
        signFor(300 * CREDIT, 0);
        cover(0, 0);
        same(settle(rows, 1), 1_900_000, "the provider still has its own");
        same(exit(2), 10e6, "and so has everybody");
    }

    function test_whereNothingWasSignedFor_theRestIsPaidAfterTheGrace() external {
        exit(0);
        skip(GRACE);
        same(credits.exitWithoutProof(payer), 2e6, "200 that it has not signed for");
    }

    function test_byALyingRow_paysNothing_untilTheGraceIsOver() external {
        same(credits.unspentPool(), 2_000 * CREDIT, "all of it");
        rows[0].spent = 3_000 * CREDIT;
        vm.expectRevert(
            abi.encodeWithSelector(ICreditTypes.RowNotInCheckpoint.selector, payer, Table.root(rows))
        );
        this.exitWith(rows[0], Table.proof(rows, 0));
    }

    function exitWith(ICreditTypes.Row calldata claimed, bytes32[] calldata proof) external {
        credits.exit(claimed, proof);
    }
}

/// @dev A table whose rows charge a payer more than it has purchased: final, because nobody looked.
contract ExitByALyingTableTest is LimitFixture {
    function test_paysNothingByTheLyingRow_andAllThatWasNotSignedForAfterTheGrace() external {
        rows[0].spent = 1_500 * CREDIT;
        finalizeWith(rows, 300 * CREDIT, 0, 290 * CREDIT);
        vm.prank(otherPayer);
        credits.requestRefund(100 * CREDIT);
        skip(REFUND + 1);
        credits.freeze(otherPayer);
        same(credits.exit(rows[0], Table.proof(rows, 0)), 0, "by its row it has nothing");
        skip(GRACE);
        same(credits.exitWithoutProof(payer), 10e6, "it has signed for nothing");
        same(credits.exitWithoutProof(otherPayer), 9_500_000, "the limit is what was lost");
    }
}
