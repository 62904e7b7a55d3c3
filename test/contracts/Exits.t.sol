// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import {ICheckpoints} from "../../contracts/interfaces/ICheckpoints.sol";
import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {IExits} from "../../contracts/interfaces/IExits.sol";
import {Fixture} from "./support/Fixture.sol";
import {Table} from "./support/Table.sol";

/// @dev Payer and other payer bought 1,000 credits each. In the final table the payer has spent 400
///      and the provider has earned 380. The other payer requests a refund that is not served.
abstract contract ExitFixture is Fixture {
    ICreditTypes.Row[] internal rows;

    function setUp() public virtual override {
        super.setUp();
        buy(payer, 1_000 * CREDIT);
        buy(otherPayer, 1_000 * CREDIT);
        rows.push(row(payer, 400 * CREDIT, 0, 0));
        rows.push(row(otherPayer, 0, 0, 0));
        rows.push(row(provider, 0, 0, 380 * CREDIT));
        finalize(rows);
        vm.prank(otherPayer);
        credits.requestRefund(100 * CREDIT);
    }

    function frozen() internal {
        skip(REFUND + 1);
        credits.freeze(otherPayer);
    }

    function exit(uint256 index) internal returns (uint256) {
        return credits.exit(rows[index], Table.proof(rows, index));
    }
}

contract FreezeTest is ExitFixture {
    function test_beforeTheDeadline_reverts() external {
        uint40 deadline = uint40(block.timestamp + REFUND);
        skip(REFUND);
        vm.expectRevert(
            abi.encodeWithSelector(IExits.RefundNotOverdue.selector, otherPayer, deadline, deadline)
        );
        credits.freeze(otherPayer);
        skip(1);
        vm.expectEmit(address(credits));
        emit IExits.Frozen(stranger);
        vm.prank(stranger);
        credits.freeze(otherPayer);
        same(credits.frozenAt(), block.timestamp, "frozenAt");
        yes(credits.paused(), "paused");
    }

    function test_withoutARequest_reverts() external {
        skip(REFUND + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IExits.RefundNotOverdue.selector,
                payer,
                block.timestamp,
                uint40(0)
            )
        );
        credits.freeze(payer);
    }

    function test_afterTheRequestWasServed_reverts() external {
        rows[1].refunded = 100 * CREDIT;
        finalize(rows);
        settle(rows, 1);
        skip(REFUND);
        vm.expectRevert(
            abi.encodeWithSelector(
                IExits.RefundNotOverdue.selector,
                otherPayer,
                block.timestamp,
                uint40(0)
            )
        );
        credits.freeze(otherPayer);
    }

    function test_withAPartServed_freezes() external {
        rows[1].refunded = 100 * CREDIT - 1;
        finalize(rows);
        settle(rows, 1);
        frozen();
    }

    function test_withTheRestSpent_reverts() external {
        rows[1] = row(otherPayer, 950 * CREDIT, 50 * CREDIT, 0);
        rows[2].earned = 1_300 * CREDIT;
        finalize(rows);
        settle(rows, 1);
        skip(REFUND);
        vm.expectRevert(
            abi.encodeWithSelector(
                IExits.RefundNotOverdue.selector,
                otherPayer,
                block.timestamp,
                uint40(0)
            )
        );
        credits.freeze(otherPayer);
    }

    function test_withAPendingCheckpoint_dropsIt_andEndsBuyingAndCheckpoints() external {
        skip(REFUND);
        rows[0].spent = 900 * CREDIT;
        rows[2].earned = 880 * CREDIT;
        ICreditTypes.Checkpoint memory checkpoint = checkpointOf(rows);
        submit(checkpoint);
        skip(1);
        vm.expectEmit(address(credits));
        emit ICheckpoints.CheckpointDropped(2, checkpoint.root);
        credits.freeze(otherPayer);
        same(credits.finalCheckpoint().spent, 400 * CREDIT, "the last final checkpoint stays");

        uint40 frozenAt = uint40(block.timestamp);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        vm.prank(payer);
        credits.buy(payer, CREDIT);
        ICreditTypes.SignerSignature[] memory signatures = signed(
            credits.hashCheckpoint(checkpoint)
        );
        vm.expectRevert(abi.encodeWithSelector(IExits.VaultFrozen.selector, frozenAt));
        credits.submitCheckpoint(checkpoint, signatures);
        vm.expectRevert(abi.encodeWithSelector(IExits.VaultFrozen.selector, frozenAt));
        credits.freeze(otherPayer);
        vm.expectRevert(abi.encodeWithSelector(IExits.VaultFrozen.selector, frozenAt));
        vm.prank(payer);
        credits.requestRefund(1);
        vm.expectRevert(abi.encodeWithSelector(IExits.VaultFrozen.selector, frozenAt));
        vm.prank(owner);
        credits.unpause();
    }

    function test_withACheckpointJustFinal_keepsIt() external {
        skip(REFUND + 1 - DISPUTE);
        rows[0].spent = 900 * CREDIT;
        rows[2].earned = 880 * CREDIT;
        finalize(rows);
        credits.freeze(otherPayer);
        same(credits.finalCheckpoint().spent, 900 * CREDIT, "final");
    }

    function test_whilePaused_freezes() external {
        vm.prank(owner);
        credits.pause();
        frozen();
        yes(credits.paused(), "paused");
    }
}

contract ExitTest is ExitFixture {
    function test_beforeAFreeze_reverts() external {
        bytes32[] memory proof = Table.proof(rows, 0);
        vm.expectRevert(IExits.NotFrozen.selector);
        credits.exit(rows[0], proof);
        vm.expectRevert(IExits.NotFrozen.selector);
        credits.exitWithoutProof(payer);
    }

    function test_withAProof_paysAllUnspentAtOnce() external {
        frozen();
        uint256 before = dollar.balanceOf(payer);
        vm.expectEmit(address(credits));
        emit IExits.Exited(payer, 600 * CREDIT, 6e6);
        same(exit(0), 6e6, "paid");
        same(dollar.balanceOf(payer) - before, 6e6, "received");
        sameParty(payer, 1_000 * CREDIT, 400 * CREDIT, 600 * CREDIT, 0);
        same(credits.balanceOf(payer), 0, "balance");
        same(credits.totalSupply(), 1_000 * CREDIT, "supply");
    }

    function test_ofAPartyThatAlsoEarned_paysBoth() external {
        rows[0].earned = 10 * CREDIT;
        rows[2].earned = 370 * CREDIT;
        finalize(rows);
        frozen();
        same(exit(0), 6_100_000, "600 unspent and 10 earned");
    }

    function test_ofAPartyWithAPromisedRefund_paysItOnce() external {
        rows[0].refunded = 100 * CREDIT;
        finalize(rows);
        frozen();
        same(exit(0), 6e6, "all unspent credits, the refund among them");
        same(exit(0), 0, "once");
        same(settle(rows, 0), 0, "not again by settling");
    }

    function test_afterSettling_burnsTheUnspentCredits() external {
        frozen();
        settle(rows, 0);
        vm.expectEmit(address(credits));
        emit IERC20.Transfer(payer, address(0), 600 * CREDIT);
        vm.expectEmit(address(credits));
        emit IExits.Exited(payer, 600 * CREDIT, 6e6);
        exit(0);
    }

    function test_twice_paysOnce_withAndWithoutAProof() external {
        frozen();
        exit(0);
        vm.recordLogs();
        same(exit(0), 0, "again with a proof");
        same(vm.getRecordedLogs().length, 0, "events");
        skip(GRACE);
        same(credits.exitWithoutProof(payer), 0, "again without");
    }

    function test_withoutAProof_beforeTheGraceEnds_reverts() external {
        frozen();
        uint256 graceEndsAt = block.timestamp + GRACE;
        skip(GRACE - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IExits.ExitNeedsProof.selector, block.timestamp, graceEndsAt)
        );
        credits.exitWithoutProof(otherPayer);
        skip(1);
        same(credits.exitWithoutProof(otherPayer), 10e6, "paid");
    }

    function test_withEqualRootsInTheLastCheckpoints_pays() external {
        finalize(rows);
        finalize(rows);
        frozen();
        same(exit(0), 6e6, "paid");
    }

    function test_withAnOlderRow_reverts() external {
        ICreditTypes.Row[] memory older = rows;
        rows[0].spent = 500 * CREDIT;
        rows[2].earned = 480 * CREDIT;
        finalize(rows);
        frozen();
        bytes32[] memory proof = Table.proof(older, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICreditTypes.RowNotInCheckpoint.selector,
                payer,
                Table.root(older)
            )
        );
        credits.exit(older[0], proof);
    }

    function test_ofAPayerThatHidItsSpending_leavesEarningsAndFees() external {
        frozen();
        skip(GRACE);
        // The payer exits first and hides that it spent 400.
        same(credits.exitWithoutProof(payer), 10e6, "more than its row would give");
        same(credits.unspentPool(), 600 * CREDIT, "what exits may still take");
        same(exit(1), 6e6, "cut to the unspent pool, because the payer's row was not settled");
        same(settle(rows, 2), 3_800_000, "the provider is paid in full");
        same(credits.claimFees(), 200_000, "the fees are paid");
        same(dollar.balanceOf(address(credits)), 0, "the vault is exactly empty");
    }

    function test_afterAllRowsAreSettled_paysEveryPartyInFull() external {
        frozen();
        vm.prank(stranger);
        settle(rows, 0);
        skip(GRACE);
        same(credits.exitWithoutProof(payer), 6e6, "what its row leaves unspent");
        same(credits.exitWithoutProof(otherPayer), 10e6, "in full");
    }

    /// @dev An exit that takes a promised refund leaves nothing reserved for it.
    function test_ofAPromisedRefund_leavesNothingReserved() external {
        rows[1].refunded = 100 * CREDIT;
        finalize(rows);
        frozen();
        settle(rows, 0);
        skip(GRACE);
        same(credits.exitWithoutProof(otherPayer), 10e6, "in full, the promised refund included");
        same(settle(rows, 1), 0, "not again by settling");
        same(credits.exitWithoutProof(payer), 6e6, "in full");
        settle(rows, 2);
        credits.claimFees();
        same(dollar.balanceOf(address(credits)), 0, "nothing stays reserved");
    }

    /// @dev Refunds and exits share one pool in order of arrival. No party takes more than it
    ///      holds.
    function test_ofAPayerThatHidItsSpending_leavesTheRestToAPromisedRefund() external {
        rows[1].refunded = 100 * CREDIT;
        finalize(rows);
        frozen();
        skip(GRACE);
        same(credits.unspentPool(), 1_600 * CREDIT, "the pool holds all unspent credits");
        same(credits.exitWithoutProof(payer), 10e6, "its row was not settled in the grace");
        same(
            settle(rows, 1) + credits.exitWithoutProof(otherPayer),
            6e6,
            "the rest, as a refund or an exit"
        );
        same(settle(rows, 2), 3_800_000, "the provider is paid in full");
        same(credits.claimFees(), 200_000, "the fees are paid");
        same(dollar.balanceOf(address(credits)), 0, "the vault is exactly empty");
    }

    function test_afterAPromisedRefundIsSettled_paysTheRest() external {
        rows[1].refunded = 100 * CREDIT;
        finalize(rows);
        frozen();
        same(settle(rows, 1), 1e6, "the promised refund");
        same(exit(1), 9e6, "the rest");
        same(credits.unspentPool(), 600 * CREDIT, "what is left");
    }

    function test_ofABlacklistedParty_becomesADebt() external {
        frozen();
        dollar.setBlacklisted(payer, true);
        exit(0);
        same(credits.owedTo(payer), 6e6, "owed");
    }
}
