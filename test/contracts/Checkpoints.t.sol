// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICheckpoints} from "../../contracts/interfaces/ICheckpoints.sol";
import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {Fixture} from "./support/Fixture.sol";

contract SubmitCheckpointTest is Fixture {
    function setUp() public override {
        super.setUp();
        buy(payer, 1_000 * CREDIT);
    }

    function rowsAt(uint64 spent) internal view returns (ICreditTypes.Row[] memory) {
        return table(row(payer, spent, 0, 0), row(provider, 0, 0, spent));
    }

    function reverts(ICreditTypes.Checkpoint memory checkpoint, bytes memory reason) internal {
        ICreditTypes.SignerSignature[] memory signatures = signed(
            credits.hashCheckpoint(checkpoint)
        );
        vm.expectRevert(reason);
        credits.submitCheckpoint(checkpoint, signatures);
    }

    function test_duringTheDisputeWindow_isPending_thenFinal() external {
        ICreditTypes.Checkpoint memory checkpoint = checkpointOf(rowsAt(10));
        uint64 finalAt = uint64(block.timestamp + DISPUTE);
        ICreditTypes.SignerSignature[] memory signatures = signed(
            credits.hashCheckpoint(checkpoint)
        );
        vm.expectEmit(address(credits));
        emit ICheckpoints.CheckpointSubmitted(
            1,
            checkpoint.root,
            bytes32(0),
            10,
            0,
            10,
            checkpoint.asOf,
            checkpoint.dataHash,
            finalAt
        );
        same(credits.submitCheckpoint(checkpoint, signatures), finalAt, "finalAt");

        skip(DISPUTE - 1);
        ICreditTypes.CheckpointRecord memory pending = credits.pendingCheckpoint();
        same(pending.epoch, 1, "pending epoch");
        same(pending.root, checkpoint.root, "pending root");
        same(pending.spent, 10, "pending spent");
        same(pending.finalAt, finalAt, "pending finalAt");
        same(credits.finalCheckpoint().epoch, 0, "none final");

        skip(1);
        same(credits.pendingCheckpoint().epoch, 0, "none pending");
        same(credits.finalCheckpoint().epoch, 1, "final epoch");
        same(credits.finalCheckpoint().earned, 10, "final earned");
    }

    function test_rowLeaf_equalsTheStandardTreesLeaf() external view {
        ICreditTypes.Row memory one = row(payer, 1, 2, 3);
        same(
            credits.rowLeaf(one),
            keccak256(
                bytes.concat(keccak256(abi.encode(payer, uint256(1), uint256(2), uint256(3))))
            ),
            "leaf"
        );
    }

    function test_whileAnotherIsPending_reverts() external {
        submit(rowsAt(10));
        uint64 finalAt = uint64(block.timestamp + DISPUTE);
        reverts(
            checkpointOf(rowsAt(20)),
            abi.encodeWithSelector(ICheckpoints.CheckpointPending.selector, uint64(1), finalAt)
        );
    }

    function test_overFiveEpochs_eachBuildsOnTheLast() external {
        for (uint64 i = 1; i <= 5; ++i) {
            finalize(rowsAt(10 * i));
            same(credits.finalCheckpoint().epoch, i, "epoch");
            same(credits.finalCheckpoint().spent, 10 * i, "spent");
        }
    }

    function test_withAWrongEpoch_reverts() external {
        finalize(rowsAt(10));
        ICreditTypes.Checkpoint memory checkpoint = checkpointOf(rowsAt(20));
        checkpoint.epoch = 1;
        reverts(
            checkpoint,
            abi.encodeWithSelector(ICheckpoints.WrongEpoch.selector, uint64(1), uint64(2))
        );
        checkpoint.epoch = 3;
        reverts(
            checkpoint,
            abi.encodeWithSelector(ICheckpoints.WrongEpoch.selector, uint64(3), uint64(2))
        );
    }

    function test_withAnotherPreviousRoot_reverts() external {
        finalize(rowsAt(10));
        ICreditTypes.Checkpoint memory checkpoint = checkpointOf(rowsAt(20));
        bytes32 expected = checkpoint.previousRoot;
        checkpoint.previousRoot = bytes32(uint256(1));
        reverts(
            checkpoint,
            abi.encodeWithSelector(
                ICheckpoints.WrongPreviousRoot.selector,
                bytes32(uint256(1)),
                expected
            )
        );
    }

    function test_withAZeroRoot_reverts() external {
        ICreditTypes.Checkpoint memory checkpoint = checkpointOf(rowsAt(10));
        checkpoint.root = bytes32(0);
        reverts(checkpoint, abi.encodeWithSelector(ICheckpoints.ZeroRoot.selector));
    }

    function test_withAsOfInTheFuture_reverts() external {
        ICreditTypes.Checkpoint memory checkpoint = checkpointOf(rowsAt(10));
        checkpoint.asOf += 1;
        reverts(
            checkpoint,
            abi.encodeWithSelector(
                ICheckpoints.CheckpointFromFuture.selector,
                checkpoint.asOf,
                block.timestamp
            )
        );
    }

    function test_withASmallerTotal_reverts() external {
        finalize(table(row(payer, 10, 10, 0), row(provider, 0, 0, 10)));
        bytes memory reason = abi.encodeWithSelector(ICheckpoints.TotalsDecreased.selector);
        reverts(checkpointOf(table(row(payer, 9, 10, 0), row(provider, 0, 0, 10))), reason);
        reverts(checkpointOf(table(row(payer, 10, 9, 0), row(provider, 0, 0, 10))), reason);
        reverts(checkpointOf(table(row(payer, 10, 10, 0), row(provider, 0, 0, 9))), reason);
    }

    function test_withMoreUsedThanPurchased_reverts() external {
        uint64 all = 1_000 * CREDIT;
        reverts(
            checkpointOf(table(row(payer, all, 1, 0), row(provider, 0, 0, all))),
            abi.encodeWithSelector(
                ICheckpoints.TotalsExceedPurchases.selector,
                uint256(all) + 1,
                uint256(all)
            )
        );
        submit(table(row(payer, all - 1, 1, 0), row(provider, 0, 0, all - 1)));
    }

    function test_withMoreEarnedThanSpent_reverts() external {
        reverts(
            checkpointOf(table(row(payer, 10, 0, 0), row(provider, 0, 0, 11))),
            abi.encodeWithSelector(ICheckpoints.EarnedExceedsSpent.selector, uint64(11), uint64(10))
        );
    }

    function test_withAFeeAboveTheTerms_reverts() external {
        reverts(
            checkpointOf(table(row(payer, 1_000, 0, 0), row(provider, 0, 0, 949))),
            abi.encodeWithSelector(ICheckpoints.FeeTooHigh.selector, 51, 50)
        );
        submit(table(row(payer, 1_000, 0, 0), row(provider, 0, 0, 950)));
    }

    function test_withASmallerFee_reverts() external {
        finalize(table(row(payer, 1_000, 0, 0), row(provider, 0, 0, 950)));
        reverts(
            checkpointOf(table(row(payer, 1_000, 0, 0), row(provider, 0, 0, 951))),
            abi.encodeWithSelector(ICheckpoints.FeeDecreased.selector, uint64(49), uint64(50))
        );
    }
}

contract CheckpointSignaturesTest is Fixture {
    ICreditTypes.Checkpoint internal checkpoint;
    ICreditTypes.SignerSignature[] internal signatures;

    function setUp() public override {
        super.setUp();
        buy(payer, 1_000 * CREDIT);
        checkpoint = checkpointOf(table(row(payer, 10, 0, 0), row(provider, 0, 0, 10)));
        ICreditTypes.SignerSignature[] memory valid = signed(credits.hashCheckpoint(checkpoint));
        signatures.push(valid[0]);
        signatures.push(valid[1]);
    }

    function reverts(bytes memory reason) internal {
        vm.expectRevert(reason);
        credits.submitCheckpoint(checkpoint, signatures);
    }

    function swap() internal {
        ICreditTypes.SignerSignature memory first = signatures[0];
        signatures[0] = signatures[1];
        signatures[1] = first;
    }

    function test_belowTheThreshold_reverts() external {
        signatures.pop();
        reverts(abi.encodeWithSelector(ICheckpoints.TooFewSignatures.selector, 1, 2));
    }

    function test_ofOneSignerTwice_reverts() external {
        signatures[1] = signatures[0];
        address signer = signatures[0].signer;
        reverts(abi.encodeWithSelector(ICheckpoints.SignersNotAscending.selector, signer, signer));
    }

    function test_inDescendingOrder_reverts() external {
        swap();
        reverts(
            abi.encodeWithSelector(
                ICheckpoints.SignersNotAscending.selector,
                signatures[0].signer,
                signatures[1].signer
            )
        );
    }

    function test_ofAStranger_reverts() external {
        uint256 key = 7;
        address unknown = vm.addr(key);
        signatures[1] = ICreditTypes.SignerSignature(
            unknown,
            sign(key, credits.hashCheckpoint(checkpoint))
        );
        if (unknown < signatures[0].signer) swap();
        reverts(abi.encodeWithSelector(ICheckpoints.UnknownSigner.selector, unknown));
    }

    function test_ofAnotherCheckpoint_reverts() external {
        checkpoint.dataHash = bytes32(uint256(1));
        reverts(
            abi.encodeWithSelector(ICheckpoints.InvalidSignature.selector, signatures[0].signer)
        );
    }

    function test_withOneInvalidAmongEnough_reverts() external {
        signatures[1].signature = signatures[0].signature;
        reverts(
            abi.encodeWithSelector(ICheckpoints.InvalidSignature.selector, signatures[1].signer)
        );
    }
}

contract VetoTest is Fixture {
    function setUp() public override {
        super.setUp();
        buy(payer, 1_000 * CREDIT);
    }

    function test_ofThePendingCheckpoint_dropsIt_andItsEpochIsUsedAgain() external {
        finalize(table(row(payer, 10, 0, 0), row(provider, 0, 0, 10)));
        ICreditTypes.Checkpoint memory bad = checkpointOf(
            table(row(payer, 90, 0, 0), row(provider, 0, 0, 90))
        );
        submit(bad);
        skip(DISPUTE - 1);
        vm.expectEmit(address(credits));
        emit ICheckpoints.CheckpointDropped(2, bad.root);
        vm.prank(guardian);
        credits.veto();
        same(credits.pendingCheckpoint().epoch, 0, "none pending");
        same(credits.finalCheckpoint().epoch, 1, "the last final stands");

        skip(1);
        finalize(table(row(payer, 20, 0, 0), row(provider, 0, 0, 20)));
        same(credits.finalCheckpoint().epoch, 2, "epoch used again");
    }

    function test_ofTheFirstCheckpoint_leavesNoneFinal() external {
        submit(table(row(payer, 10, 0, 0), row(provider, 0, 0, 10)));
        vm.prank(guardian);
        credits.veto();
        same(credits.finalCheckpoint().root, bytes32(0), "no root");
        skip(1);
        finalize(table(row(payer, 10, 0, 0), row(provider, 0, 0, 10)));
        same(credits.finalCheckpoint().epoch, 1, "first epoch again");
    }

    function test_ofAFinalCheckpoint_reverts() external {
        finalize(table(row(payer, 10, 0, 0), row(provider, 0, 0, 10)));
        vm.expectRevert(ICreditTypes.NoPendingCheckpoint.selector);
        vm.prank(guardian);
        credits.veto();
    }

    function test_byTheOwner_reverts() external {
        submit(table(row(payer, 10, 0, 0), row(provider, 0, 0, 10)));
        vm.expectRevert(abi.encodeWithSelector(ICheckpoints.NotGuardian.selector, owner));
        vm.prank(owner);
        credits.veto();
    }
}
