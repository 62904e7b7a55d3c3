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

        skip(1);
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
            skip(1);
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
            skip(1);
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

    /// @dev A checkpoint that was dropped in the very second of its `asOf` stays dropped, and its
    ///      epoch may be signed again from the next second on.
    function test_droppedInTheSecondOfItsAsOf_staysDropped() external {
        buy(payer, 1_000 * CREDIT);
        ICreditTypes.Checkpoint memory a = _overcharging();
        ICreditTypes.SignerSignature[] memory signaturesOfA = signed(credits.hashCheckpoint(a));
        credits.submitCheckpoint(a, signaturesOfA);
        vm.prank(guardian);
        credits.veto();
        bytes memory void = abi.encodeWithSelector(
            ICheckpoints.CheckpointIsVoid.selector,
            a.asOf,
            block.timestamp
        );
        vm.expectRevert(void);
        credits.submitCheckpoint(a, signaturesOfA);
        skip(60);
        vm.expectRevert(void);
        credits.submitCheckpoint(a, signaturesOfA);

        ICreditTypes.Checkpoint memory b = _right();
        b.asOf = a.asOf + 1;
        ICreditTypes.SignerSignature[] memory signaturesOfB = signed(credits.hashCheckpoint(b));
        vm.expectRevert(IBond.NoEquivocation.selector);
        court.proveEquivocation(a, signaturesOfA, b, signaturesOfB);
        credits.submitCheckpoint(b, signaturesOfB);
        vm.expectRevert(IBond.NoEquivocation.selector);
        court.proveEquivocation(b, signaturesOfB, a, signaturesOfA);
        same(credits.frozenAt(), 0, "not frozen");
    }

    /// @dev A table of the very second of a drop counts as signed before it.
    function test_tableOfTheSecondOfADrop_countsAsBeforeIt() external {
        buy(payer, 1_000 * CREDIT);
        skip(60);
        submit(_right());
        vm.prank(guardian);
        credits.veto();
        uint64 drop = uint64(timeNow());
        yes(!credits.wasDroppedBetween(1, drop - 1, drop), "both tables are before it");
        yes(credits.wasDroppedBetween(1, drop, drop + 1), "one is before it, one after it");
        yes(!credits.wasDroppedBetween(1, drop + 1, drop + 2), "both are after it");
    }

    /// @dev Which pairs a drop excuses: the earlier table is of the second of the drop or older,
    ///      and the later one is younger.
    function testFuzz_dropBetweenTwoTables_excuses(
        uint8 first,
        uint8 second,
        uint8[4] memory pauses
    ) external {
        buy(payer, 1_000 * CREDIT);
        uint256 start = timeNow();
        uint256[] memory drops = new uint256[](pauses.length);
        for (uint256 i = 0; i < pauses.length; ++i) {
            skip(1 + (pauses[i] % 16));
            submit(_right());
            vm.prank(guardian);
            credits.veto();
            drops[i] = block.timestamp;
        }
        uint64 from = uint64(start + (first % 70));
        uint64 to = from + (second % 70);
        bool between_ = false;
        for (uint256 i = 0; i < drops.length; ++i) {
            if (from <= drops[i] && drops[i] < to) between_ = true;
        }
        yes(credits.wasDroppedBetween(1, from, to) == between_, "found");
        yes(!credits.wasDroppedBetween(2, from, to), "of this epoch only");
    }

    /// @dev A search reads one word more for each doubling of the drops.
    function test_manyDrops_costAProofLittleMore() external {
        buy(payer, 1_000 * CREDIT);
        uint64 start = uint64(timeNow());
        uint256 once = _gasOfSearch(start, 1);
        uint256 often = _gasOfSearch(start, 512);
        // Ten words and the loop around them. All are warm here, because a test is one transaction;
        // a cold word costs 2,000 more. Returning all times would cost 100,000.
        atMost(often - once, 5_000, "a search among 512 drops");
        deposit();
        ICreditTypes.Checkpoint memory a = _right();
        ICreditTypes.Checkpoint memory b = _overcharging();
        (a.asOf, b.asOf) = (uint64(block.timestamp + 1), uint64(block.timestamp + 1));
        ICreditTypes.SignerSignature[] memory ofA = signed(credits.hashCheckpoint(a));
        ICreditTypes.SignerSignature[] memory ofB = signed(credits.hashCheckpoint(b));
        uint256 before = gasleft();
        court.proveEquivocation(a, ofA, b, ofB);
        atMost(before - gasleft(), 400_000, "a proof after 512 drops");
        yes(credits.frozenAt() > 0, "frozen");
    }

    function deposit() private {
        vm.startPrank(stranger);
        dollar.approve(address(court), 10e6);
        court.depositBond(10e6);
        vm.stopPrank();
    }

    /// @dev Drops the epoch until it was dropped `count` times, then measures a search.
    function _gasOfSearch(uint64 start, uint256 count) private returns (uint256) {
        while (credits.drops() < count) {
            skip(1);
            submit(_right());
            vm.prank(guardian);
            credits.veto();
        }
        uint256 before = gasleft();
        credits.wasDroppedBetween(1, start, start + uint64(count));
        return before - gasleft();
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
