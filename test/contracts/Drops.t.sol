// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBond} from "../../contracts/interfaces/IBond.sol";
import {ICheckpoints} from "../../contracts/interfaces/ICheckpoints.sol";
import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {IDisputes} from "../../contracts/interfaces/IDisputes.sol";
import {Fixture} from "./support/Fixture.sol";
import {Table} from "./support/Table.sol";

/// @dev A drop voids all earlier signatures for its epoch. It excuses no two signatures from before
///      it.
contract DropsTest is Fixture {
    function _overcharging() private view returns (ICreditTypes.Checkpoint memory) {
        return
            checkpointOf(table(row(payer, 900 * CREDIT, 0, 0), row(provider, 0, 0, 900 * CREDIT)));
    }

    function _right() private view returns (ICreditTypes.Checkpoint memory) {
        return
            checkpointOf(table(row(payer, 100 * CREDIT, 0, 0), row(provider, 0, 0, 100 * CREDIT)));
    }

    function test_vetoedCheckpoint_submittedAgain_reverts() external {
        buy(payer, 1_000 * CREDIT);
        ICreditTypes.Checkpoint memory bad = _overcharging();
        ICreditTypes.SignerSignature[] memory signatures = signed(credits.hashCheckpoint(bad));
        credits.submitCheckpoint(bad, signatures);
        skip(60);
        vm.prank(guardian);
        credits.veto();

        vm.expectRevert(
            abi.encodeWithSelector(
                ICheckpoints.CheckpointIsVoid.selector,
                bad.asOf,
                block.timestamp
            )
        );
        vm.prank(stranger);
        credits.submitCheckpoint(bad, signatures);

        ICreditTypes.Checkpoint memory good = _right();
        credits.submitCheckpoint(good, signed(credits.hashCheckpoint(good)));
        skip(DISPUTE);
        same(credits.finalCheckpoint().spent, 100 * CREDIT, "the corrected checkpoint is final");
    }

    function test_vetoedLaterEpoch_submittedAgain_reverts() external {
        buy(payer, 1_000 * CREDIT);
        finalize(table(row(payer, 50 * CREDIT, 0, 0), row(provider, 0, 0, 50 * CREDIT)));
        ICreditTypes.Checkpoint memory bad = _overcharging();
        ICreditTypes.SignerSignature[] memory signatures = signed(credits.hashCheckpoint(bad));
        credits.submitCheckpoint(bad, signatures);
        skip(60);
        vm.prank(guardian);
        credits.veto();
        vm.expectRevert(
            abi.encodeWithSelector(
                ICheckpoints.CheckpointIsVoid.selector,
                bad.asOf,
                block.timestamp
            )
        );
        credits.submitCheckpoint(bad, signatures);
        same(credits.finalCheckpoint().spent, 50 * CREDIT, "the last final checkpoint stays");
    }

    function test_sameTable_signedAgainAfterAVeto_isAccepted() external {
        buy(payer, 1_000 * CREDIT);
        for (uint256 i = 0; i < 3; ++i) {
            ICreditTypes.Checkpoint memory good = _right();
            credits.submitCheckpoint(good, signed(credits.hashCheckpoint(good)));
            skip(60);
            vm.prank(guardian);
            credits.veto();
        }
        ICreditTypes.Checkpoint memory last = _right();
        credits.submitCheckpoint(last, signed(credits.hashCheckpoint(last)));
        skip(DISPUTE);
        same(credits.finalCheckpoint().spent, 100 * CREDIT, "a mistaken veto only delays");
    }

    function test_honestAttemptsAroundVetoes_areNoEquivocation() external {
        buy(payer, 1_000 * CREDIT);
        ICreditTypes.Checkpoint[] memory attempts = new ICreditTypes.Checkpoint[](3);
        for (uint256 i = 0; i < 3; ++i) {
            attempts[i] = _right();
            credits.submitCheckpoint(attempts[i], signed(credits.hashCheckpoint(attempts[i])));
            skip(60);
            vm.prank(guardian);
            credits.veto();
        }
        for (uint256 i = 0; i < 3; ++i) {
            for (uint256 j = 0; j < 3; ++j) {
                if (i == j) continue;
                ICreditTypes.SignerSignature[] memory a = signed(
                    credits.hashCheckpoint(attempts[i])
                );
                ICreditTypes.SignerSignature[] memory b = signed(
                    credits.hashCheckpoint(attempts[j])
                );
                vm.expectRevert(abi.encodeWithSelector(IBond.NoEquivocation.selector));
                court.proveEquivocation(attempts[i], a, attempts[j], b);
            }
        }
    }

    function test_twoCheckpointsBeforeAVeto_areEquivocation() external {
        buy(payer, 1_000 * CREDIT);
        ICreditTypes.Checkpoint memory a = _overcharging();
        ICreditTypes.Checkpoint memory b = _right();
        ICreditTypes.SignerSignature[] memory signaturesOfA = signed(credits.hashCheckpoint(a));
        ICreditTypes.SignerSignature[] memory signaturesOfB = signed(credits.hashCheckpoint(b));
        credits.submitCheckpoint(a, signaturesOfA);
        skip(60);
        vm.prank(guardian);
        credits.veto();
        court.proveEquivocation(a, signaturesOfA, b, signaturesOfB);
        yes(credits.frozenAt() > 0, "the proof counts after the veto too");
    }

    /// @dev An `asOf` in the second of a drop counts as after it, so no drop lies between `a` and
    ///      `b`. Honest signers use the time of an earlier block.
    function test_asOfInTheSecondOfADrop_countsAsAfterIt() external {
        buy(payer, 1_000 * CREDIT);
        ICreditTypes.Checkpoint memory a = _overcharging();
        ICreditTypes.SignerSignature[] memory signaturesOfA = signed(credits.hashCheckpoint(a));
        credits.submitCheckpoint(a, signaturesOfA);
        vm.prank(guardian);
        credits.veto();
        skip(60);
        ICreditTypes.Checkpoint memory b = _right();
        court.proveEquivocation(a, signaturesOfA, b, signed(credits.hashCheckpoint(b)));
        yes(credits.frozenAt() > 0, "two checkpoints after one drop");
    }

    function test_omissionOfAnEmptyRow_reverts() external {
        buy(payer, 1_000 * CREDIT);
        ICreditTypes.Row[] memory padded = new ICreditTypes.Row[](4);
        (padded[0], padded[1]) = (row(payer, 100 * CREDIT, 0, 0), row(otherPayer, 0, 0, 0));
        (padded[2], padded[3]) = (row(provider, 0, 0, 100 * CREDIT), row(address(0), 0, 0, 0));
        finalize(padded);
        ICreditTypes.Row[] memory full = new ICreditTypes.Row[](4);
        (full[0], full[1], full[2], full[3]) = (
            padded[0],
            padded[1],
            padded[2],
            row(otherProvider, 0, 0, 0)
        );
        submit(full);

        bytes32[] memory proof = Table.proof(padded, 3);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.NothingToAnswer.selector, address(0)));
        vm.prank(stranger);
        court.challengeOmission{value: STAKE}(padded[3], proof);
    }
}
