// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {ICheckpoints} from "../../contracts/interfaces/ICheckpoints.sol";
import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {IDisputes} from "../../contracts/interfaces/IDisputes.sol";
import {TestWallet} from "../../contracts/mocks/TestWallet.sol";
import {Fixture} from "./support/Fixture.sol";
import {Table} from "./support/Table.sol";

/// @dev The payer bought 1,000 credits and signed a cap of 300. In the final table it has spent
///      100, of which nothing is settled.
abstract contract CourtFixture is Fixture {
    ICreditTypes.Row[] internal before;
    ICreditTypes.Row[] internal rows;
    IDisputes.Allowance internal allowance;

    function setUp() public virtual override {
        super.setUp();
        buy(payer, 1_000 * CREDIT);
        buy(otherPayer, 1_000 * CREDIT);
        before.push(row(payer, 100 * CREDIT, 0, 0));
        before.push(row(otherPayer, 0, 0, 0));
        before.push(row(provider, 0, 0, 100 * CREDIT));
        finalize(before);
        rows.push(row(payer, 300 * CREDIT, 0, 0));
        rows.push(row(otherPayer, 0, 0, 0));
        rows.push(row(provider, 0, 0, 300 * CREDIT));
        allowance.account = payer;
        allowance.spender = bytes32(uint256(1));
        allowance.limit = 50 * CREDIT;
        allowance.accountCap = 300 * CREDIT;
    }

    function recordCap() internal {
        court.recordCap(allowance, sign(PAYER_KEY, court.hashAllowance(allowance)));
    }

    function proofs(ICreditTypes.Row[] memory list) internal pure returns (bytes32[][] memory all) {
        all = new bytes32[][](list.length);
        for (uint256 i = 0; i < list.length; ++i) all[i] = Table.proof(list, i);
    }

    function pick(
        uint256 index
    ) internal view returns (ICreditTypes.Row[] memory list, bytes32[][] memory all) {
        list = new ICreditTypes.Row[](1);
        all = new bytes32[][](1);
        (list[0], all[0]) = (rows[index], Table.proof(rows, index));
    }

    function challenge(address challenger, uint256 index) internal {
        bytes32[] memory proof = Table.proof(rows, index);
        vm.prank(challenger);
        court.challengeRow{value: STAKE}(rows[index], proof);
    }

    function answer(address challenger, uint256 index, uint64 counter) internal {
        bytes32[] memory proof = Table.proof(rows, index);
        vm.prank(stranger);
        court.answer(challenger, rows[index], proof, counter);
    }

    function answerReverts(
        address challenger,
        uint256 index,
        uint64 counter,
        bytes memory reason
    ) internal {
        bytes32[] memory proof = Table.proof(rows, index);
        vm.expectRevert(reason);
        vm.prank(stranger);
        court.answer(challenger, rows[index], proof, counter);
    }

    function notIn(
        ICreditTypes.Row memory forged,
        bytes32[] memory proof
    ) internal pure returns (bytes memory reason) {
        bytes32 root = MerkleProof.processProof(proof, Table.leaf(forged));
        return abi.encodeWithSelector(ICreditTypes.RowNotInCheckpoint.selector, forged.party, root);
    }

    function samePending(uint64 epoch) internal view {
        same(credits.pendingCheckpoint().epoch, epoch, "pending epoch");
    }
}

contract FraudProofTest is CourtFixture {
    function submitWith(uint64 spent, uint64 refunded, uint64 earned) internal {
        ICreditTypes.Checkpoint memory checkpoint = checkpointOf(rows);
        (checkpoint.spent, checkpoint.refunded, checkpoint.earned) = (spent, refunded, earned);
        submit(checkpoint);
    }

    function proveFraud(uint256 index) internal {
        (ICreditTypes.Row[] memory list, bytes32[][] memory all) = pick(index);
        vm.expectEmit(address(credits));
        emit ICheckpoints.CheckpointDropped(2, Table.root(rows));
        vm.prank(stranger);
        court.proveFraud(list, all);
        samePending(0);
    }

    function noFraud(uint256 index) internal {
        (ICreditTypes.Row[] memory list, bytes32[][] memory all) = pick(index);
        vm.expectRevert(IDisputes.NoFraud.selector);
        court.proveFraud(list, all);
    }

    function test_ofAnHonestTable_reverts() external {
        submit(rows);
        bytes32[][] memory all = proofs(rows);
        ICreditTypes.Row[] memory ascending = rows;
        vm.expectRevert();
        court.proveFraud(ascending, all);
        for (uint256 i = 0; i < rows.length; ++i) noFraud(i);
        (ICreditTypes.Row[] memory none, bytes32[][] memory noProofs) = (
            new ICreditTypes.Row[](0),
            new bytes32[][](0)
        );
        vm.expectRevert(IDisputes.NoFraud.selector);
        court.proveFraud(none, noProofs);
    }

    function test_ofARowAboveItsPurchases_dropsTheCheckpoint() external {
        rows[0] = row(payer, 900 * CREDIT, 100 * CREDIT, 0);
        submitWith(1_200 * CREDIT, 100 * CREDIT, 1_200 * CREDIT);
        noFraud(0);
        vm.prank(guardian);
        credits.veto();
        skip(1);
        rows[0] = row(payer, 900 * CREDIT, 100 * CREDIT + 1, 0);
        submitWith(1_200 * CREDIT, 101 * CREDIT, 1_200 * CREDIT);
        proveFraud(0);
    }

    function test_ofARowBelowTheSettledNumbers_dropsTheCheckpoint() external {
        settle(before, 2);
        rows[2].earned = 100 * CREDIT - 1;
        submitWith(300 * CREDIT, 0, 300 * CREDIT);
        proveFraud(2);
    }

    function test_ofARowSmallerThanTheFinalOne_dropsTheCheckpoint() external {
        rows[2].earned = 100 * CREDIT - 1;
        submitWith(300 * CREDIT, 0, 300 * CREDIT);
        bytes32[] memory proofBefore = Table.proof(before, 2);
        bytes32[] memory proof = Table.proof(rows, 2);
        court.proveShrunk(before[2], proofBefore, rows[2], proof);
        samePending(0);
    }

    function test_ofARowWithOneSmallerNumber_dropsTheCheckpoint() external {
        before[1] = row(otherPayer, 10 * CREDIT, 50 * CREDIT, 0);
        before[2].earned = 110 * CREDIT;
        finalize(before);
        rows[0].refunded = 20 * CREDIT;
        rows[1] = row(otherPayer, 20 * CREDIT, 40 * CREDIT, 10 * CREDIT);
        shrank(1);
        rows[1] = row(otherPayer, 5 * CREDIT, 60 * CREDIT, 10 * CREDIT);
        shrank(1);
    }

    function shrank(uint256 index) private {
        submitWith(320 * CREDIT, 60 * CREDIT, 320 * CREDIT);
        court.proveShrunk(
            before[index],
            Table.proof(before, index),
            rows[index],
            Table.proof(rows, index)
        );
        samePending(0);
        skip(1);
    }

    function test_ofASmallerRow_withOneForgedRow_reverts() external {
        submit(rows);
        bytes32[] memory proofBefore = Table.proof(before, 2);
        bytes32[] memory proof = Table.proof(rows, 2);
        ICreditTypes.Row memory forged = row(provider, 0, 0, 400 * CREDIT);
        vm.expectRevert(notIn(forged, proofBefore));
        court.proveShrunk(forged, proofBefore, rows[2], proof);
        forged.earned = 1;
        vm.expectRevert(notIn(forged, proof));
        court.proveShrunk(before[2], proofBefore, forged, proof);
    }

    function test_ofALargerRow_reverts() external {
        submit(rows);
        for (uint256 i = 0; i < 3; ++i) {
            bytes32[] memory proofBefore = Table.proof(before, i);
            bytes32[] memory proof = Table.proof(rows, i);
            vm.expectRevert(IDisputes.NoFraud.selector);
            court.proveShrunk(before[i], proofBefore, rows[i], proof);
        }
    }

    function test_ofRowsOfTwoParties_reverts() external {
        submit(rows);
        bytes32[] memory proofBefore = Table.proof(before, 2);
        bytes32[] memory proof = Table.proof(rows, 1);
        vm.expectRevert(
            abi.encodeWithSelector(IDisputes.PartyMismatch.selector, otherPayer, provider)
        );
        court.proveShrunk(before[2], proofBefore, rows[1], proof);
    }

    function test_ofTwoRowsOfOneParty_dropsTheCheckpoint() external {
        rows[1] = row(payer, 299 * CREDIT, 0, 0);
        submitWith(700 * CREDIT, 0, 700 * CREDIT);
        ICreditTypes.Row[] memory both = table(rows[0], rows[1]);
        bytes32[][] memory all = new bytes32[][](2);
        (all[0], all[1]) = (Table.proof(rows, 0), Table.proof(rows, 1));
        court.proveFraud(both, all);
        samePending(0);
    }

    function test_ofTheSameRowTwice_reverts() external {
        submit(rows);
        ICreditTypes.Row[] memory twice = table(rows[0], rows[0]);
        bytes32[][] memory all = new bytes32[][](2);
        (all[0], all[1]) = (Table.proof(rows, 0), Table.proof(rows, 0));
        vm.expectRevert(
            abi.encodeWithSelector(IDisputes.PartiesNotAscending.selector, payer, payer)
        );
        court.proveFraud(twice, all);
    }

    function test_ofRowsAboveATotal_dropsTheCheckpoint() external {
        ICreditTypes.Row[] memory ascending = table(
            row(provider, 0, 0, 200 * CREDIT),
            row(otherProvider, 0, 0, 200 * CREDIT)
        );
        delete rows;
        rows.push(ascending[0]);
        rows.push(ascending[1]);
        submitWith(399 * CREDIT, 0, 399 * CREDIT);
        court.proveFraud(ascending, proofs(ascending));
        samePending(0);
        skip(1);
        submitWith(400 * CREDIT, 0, 400 * CREDIT);
        bytes32[][] memory all = proofs(ascending);
        vm.expectRevert(IDisputes.NoFraud.selector);
        court.proveFraud(ascending, all);
        vm.prank(guardian);
        credits.veto();
        skip(1);

        ascending = table(
            row(otherPayer, 200 * CREDIT, 200 * CREDIT, 0),
            row(payer, 200 * CREDIT, 0, 0)
        );
        delete rows;
        rows.push(ascending[0]);
        rows.push(ascending[1]);
        submitWith(399 * CREDIT, 200 * CREDIT, 399 * CREDIT);
        court.proveFraud(ascending, proofs(ascending));
        skip(1);
        submitWith(400 * CREDIT, 199 * CREDIT, 400 * CREDIT);
        court.proveFraud(ascending, proofs(ascending));
        samePending(0);
    }

    function test_withAForgedRow_reverts() external {
        submit(rows);
        (ICreditTypes.Row[] memory list, bytes32[][] memory all) = pick(0);
        list[0].spent = 2_000 * CREDIT;
        vm.expectRevert();
        court.proveFraud(list, all);
        vm.expectRevert(abi.encodeWithSelector(ICreditTypes.LengthMismatch.selector, 1, 0));
        court.proveFraud(list, new bytes32[][](0));
    }

    function test_ofAFinalCheckpoint_reverts() external {
        (ICreditTypes.Row[] memory list, bytes32[][] memory all) = pick(0);
        vm.expectRevert(ICreditTypes.NoPendingCheckpoint.selector);
        court.proveFraud(list, all);
    }
}

contract ChallengeTest is CourtFixture {
    function test_untilItIsAnswered_delaysTheCheckpoint() external {
        submit(rows);
        uint256 finalAt = block.timestamp + DISPUTE;
        skip(DISPUTE - 1);
        vm.expectEmit(address(court));
        emit IDisputes.Challenged(
            payer,
            stranger,
            2,
            300 * CREDIT,
            0,
            0,
            uint64(block.timestamp + ANSWER)
        );
        challenge(stranger, 0);
        same(credits.pendingCheckpoint().finalAt, type(uint40).max, "held");
        IDisputes.Challenge memory asked = court.challengeOf(payer, stranger);
        same(asked.spent, 300 * CREDIT, "spent");
        same(asked.drops, 0, "drops");
        skip(ANSWER);
        samePending(2);

        recordCap();
        vm.expectEmit(address(court));
        emit IDisputes.ChallengeAnswered(payer, stranger, stranger, 300 * CREDIT, 0, 0);
        answer(stranger, 0, 0);
        same(
            credits.finalCheckpoint().epoch,
            2,
            "final at once, because its dispute window is over"
        );
        same(credits.finalCheckpoint().finalAt, finalAt, "finalAt as before");
    }

    function test_answeredEarly_delaysNothing() external {
        submit(rows);
        uint256 finalAt = block.timestamp + DISPUTE;
        challenge(stranger, 0);
        recordCap();
        answer(stranger, 0, 0);
        same(credits.pendingCheckpoint().finalAt, finalAt, "finalAt as before");
    }

    function test_unanswered_dropsTheCheckpoint_andReturnsTheStake() external {
        submit(rows);
        challenge(stranger, 0);
        uint40 deadline = uint40(block.timestamp + ANSWER);
        skip(ANSWER);
        vm.expectRevert(
            abi.encodeWithSelector(IDisputes.AnswerStillPossible.selector, deadline, deadline)
        );
        court.dropUnanswered(payer, stranger);
        skip(1);
        recordCap();
        answerReverts(
            stranger,
            0,
            0,
            abi.encodeWithSelector(IDisputes.AnswerTooLate.selector, deadline + 1, deadline)
        );
        vm.expectEmit(address(court));
        emit IDisputes.ChallengeUnanswered(payer, stranger);
        court.dropUnanswered(payer, stranger);
        samePending(0);
        same(credits.finalCheckpoint().epoch, 1, "the last final stands");
        same(court.stakeOf(stranger), STAKE, "stake");
        vm.expectRevert(abi.encodeWithSelector(IDisputes.NoChallenge.selector, payer, stranger));
        court.dropUnanswered(payer, stranger);
    }

    function test_answered_splitsTheStakeBetweenAnswererAndFeeRecipient() external {
        submit(rows);
        challenge(otherPayer, 0);
        recordCap();
        answer(otherPayer, 0, 0);
        same(court.stakeOf(stranger), STAKE / 2, "half goes to the answerer");
        same(court.stakeOf(feeRecipient), STAKE - STAKE / 2, "half goes to the fee recipient");
        same(court.stakeOf(otherPayer), 0, "nothing goes to the challenger");
        vm.expectEmit(address(court));
        emit IDisputes.StakeWithdrawn(stranger, address(0xE0A), STAKE / 2);
        vm.prank(stranger);
        court.withdrawStake(payable(address(0xE0A)));
        same(address(0xE0A).balance, STAKE / 2, "received");
        vm.expectRevert(abi.encodeWithSelector(IDisputes.NoStake.selector, stranger));
        vm.prank(stranger);
        court.withdrawStake(payable(address(0xE0A)));
    }

    function test_answeredByItsChallenger_costsHalfTheStake() external {
        submit(rows);
        challenge(stranger, 0);
        recordCap();
        answer(stranger, 0, 0);
        same(court.stakeOf(stranger), STAKE / 2, "the delay costs half of the stake");
    }

    function test_withAWrongStake_reverts() external {
        submit(rows);
        bytes32[] memory proof = Table.proof(rows, 0);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.WrongStake.selector, STAKE - 1, STAKE));
        vm.prank(stranger);
        court.challengeRow{value: STAKE - 1}(rows[0], proof);
    }

    function test_ofSettledSpending_reverts() external {
        rows[0].spent = 100 * CREDIT;
        rows[2].earned = 100 * CREDIT;
        settle(before, 0);
        submit(rows);
        bytes32[] memory proof = Table.proof(rows, 0);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.NothingToAnswer.selector, payer));
        court.challengeRow{value: STAKE}(rows[0], proof);
    }

    function test_afterTheDisputeWindow_reverts_evenWhileAnotherIsOpen() external {
        submit(rows);
        challenge(stranger, 0);
        uint256 finalAt = block.timestamp + DISPUTE;
        skip(DISPUTE);
        bytes32[] memory proof = Table.proof(rows, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IDisputes.DisputeWindowOver.selector, finalAt, finalAt)
        );
        vm.prank(otherPayer);
        court.challengeRow{value: STAKE}(rows[0], proof);
    }

    function test_ofTheSameRowTwice_reverts_unlessByAnotherChallenger() external {
        submit(rows);
        challenge(stranger, 0);
        bytes32[] memory proof = Table.proof(rows, 0);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.ChallengeOpen.selector, payer, stranger));
        vm.prank(stranger);
        court.challengeRow{value: STAKE}(rows[0], proof);

        challenge(otherPayer, 0);
        recordCap();
        answer(stranger, 0, 0);
        skip(DISPUTE);
        samePending(2);
        skip(ANSWER);
        court.dropUnanswered(payer, otherPayer);
        samePending(0);
    }

    function test_toADroppedCheckpoint_isVoid_andReturnsItsStake() external {
        submit(rows);
        challenge(stranger, 0);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.NoChallenge.selector, payer, stranger));
        vm.prank(stranger);
        court.reclaimStake(payer);

        vm.prank(guardian);
        credits.veto();
        skip(1);
        submit(rows);
        recordCap();
        answerReverts(
            stranger,
            0,
            0,
            abi.encodeWithSelector(IDisputes.NoChallenge.selector, payer, stranger)
        );
        vm.prank(stranger);
        court.reclaimStake(payer);
        same(court.stakeOf(stranger), STAKE, "stake");
        vm.expectRevert(abi.encodeWithSelector(IDisputes.NoChallenge.selector, payer, stranger));
        vm.prank(stranger);
        court.reclaimStake(payer);
        skip(DISPUTE);
        same(credits.finalCheckpoint().epoch, 2, "the second submission is not delayed");
    }

    function test_toTheNextSubmission_returnsTheVoidStake_andDelaysAgain() external {
        submit(rows);
        challenge(stranger, 0);
        vm.prank(guardian);
        credits.veto();
        skip(1);
        submit(rows);
        skip(DISPUTE - 1);
        challenge(stranger, 0);
        same(court.stakeOf(stranger), STAKE, "the stake of the void challenge");
        skip(ANSWER);
        samePending(2);
        recordCap();
        answer(stranger, 0, 0);
        same(credits.finalCheckpoint().epoch, 2, "final");
        same(address(court).balance, 2 * STAKE, "both stakes are there");
    }

    function test_onAFreeze_isVoid_andReturnsItsStake() external {
        vm.prank(otherPayer);
        credits.requestRefund(1);
        skip(REFUND);
        submit(rows);
        challenge(stranger, 0);
        skip(1);
        credits.freeze(otherPayer);
        samePending(0);
        same(credits.finalCheckpoint().epoch, 1, "the last final stands");
        vm.prank(stranger);
        court.reclaimStake(payer);
        same(court.stakeOf(stranger), STAKE, "stake");
        same(
            credits.exit(before[0], Table.proof(before, 0)),
            9e6,
            "an exit uses the last final table"
        );
    }

    function test_ofARowOutsideTheTable_reverts() external {
        submit(rows);
        ICreditTypes.Row memory forged = row(payer, 301 * CREDIT, 0, 0);
        bytes32[] memory proof = Table.proof(rows, 0);
        vm.expectRevert();
        court.challengeRow{value: STAKE}(forged, proof);
    }

    function test_withoutAPendingCheckpoint_reverts() external {
        bytes32[] memory proof = Table.proof(before, 0);
        vm.expectRevert(ICreditTypes.NoPendingCheckpoint.selector);
        court.challengeRow{value: STAKE}(before[0], proof);
    }
}

contract AnswerTest is CourtFixture {
    function setUp() public override {
        super.setUp();
        submit(rows);
        challenge(stranger, 0);
    }

    function test_withoutACap_reverts() external {
        answerReverts(
            stranger,
            0,
            0,
            abi.encodeWithSelector(IDisputes.NotCovered.selector, payer, uint64(0), 300 * CREDIT)
        );
    }

    function test_withACapBelowTheCharge_reverts() external {
        allowance.accountCap = 300 * CREDIT - 1;
        recordCap();
        answerReverts(
            stranger,
            0,
            0,
            abi.encodeWithSelector(
                IDisputes.NotCovered.selector,
                payer,
                300 * CREDIT - 1,
                300 * CREDIT
            )
        );
    }

    function test_withACapOfAnEndedCounter_countsDuringTheGrace() external {
        recordCap();
        vm.prank(payer);
        credits.revokeAll();
        answerReverts(
            stranger,
            0,
            1,
            abi.encodeWithSelector(IDisputes.NotCovered.selector, payer, uint64(0), 300 * CREDIT)
        );
        answer(stranger, 0, 0);
    }

    function test_forACheckpointAfterTheGrace_needsTheNewCounter() external {
        recordCap();
        vm.prank(guardian);
        credits.veto();
        vm.prank(payer);
        credits.revokeAll();
        skip(COUNTER_GRACE);
        submit(rows);
        challenge(otherPayer, 0);
        answer(otherPayer, 0, 0);
        vm.prank(guardian);
        credits.veto();

        skip(1);
        submit(rows);
        challenge(otherPayer, 0);
        answerReverts(
            otherPayer,
            0,
            0,
            abi.encodeWithSelector(IDisputes.CounterEnded.selector, payer, uint64(0))
        );
        allowance.counter = 1;
        recordCap();
        answer(otherPayer, 0, 1);
    }

    function test_withAFutureCounter_reverts() external {
        allowance.counter = 1;
        recordCap();
        answerReverts(
            stranger,
            0,
            1,
            abi.encodeWithSelector(IDisputes.CounterEnded.selector, payer, uint64(1))
        );
    }

    function test_ofARowSettledMeanwhile_needsNoCap() external {
        vm.prank(guardian);
        credits.veto();
        skip(1);
        finalize(rows);
        submit(rows);
        challenge(stranger, 0);
        credits.settle(rows[0], 2, Table.proof(rows, 0));
        answer(stranger, 0, 0);
    }

    function test_withARowOutsideTheTable_reverts() external {
        recordCap();
        bytes32[] memory proof = Table.proof(rows, 0);
        ICreditTypes.Row memory forged = rows[0];
        forged.earned = 1;
        vm.expectRevert(notIn(forged, proof));
        court.answer(stranger, forged, proof, 0);
    }

    /// @dev Otherwise one answer would also count for the challenge of another account.
    function test_ofAnAnsweredChallenge_reverts() external {
        challenge(otherPayer, 0);
        recordCap();
        answer(stranger, 0, 0);
        answerReverts(
            stranger,
            0,
            0,
            abi.encodeWithSelector(IDisputes.NoChallenge.selector, payer, stranger)
        );
        same(
            court.challengeOf(payer, otherPayer).spent,
            300 * CREDIT,
            "the other challenge stays open"
        );
    }

    function test_ofAMissingChallenge_reverts() external {
        recordCap();
        answerReverts(
            otherPayer,
            0,
            0,
            abi.encodeWithSelector(IDisputes.NoChallenge.selector, payer, otherPayer)
        );
    }
}

contract RecordCapTest is CourtFixture {
    function test_withSeveralCaps_keepsTheHighest() external {
        recordCap();
        same(court.recordedCap(payer, 0), 300 * CREDIT, "cap");
        allowance.accountCap = 200 * CREDIT;
        recordCap();
        same(court.recordedCap(payer, 0), 300 * CREDIT, "not lowered");
        allowance.accountCap = 400 * CREDIT;
        vm.expectEmit(address(court));
        emit IDisputes.CapRecorded(payer, 0, 400 * CREDIT);
        recordCap();
        same(court.recordedCap(payer, 0), 400 * CREDIT, "raised");
        same(court.recordedCap(payer, 1), 0, "for this counter only");
    }

    function test_withTheSameCapAgain_emitsNothing() external {
        recordCap();
        vm.recordLogs();
        recordCap();
        same(vm.getRecordedLogs().length, 0, "no event");
    }

    function test_withAnotherSignersSignature_reverts() external {
        bytes memory signature = sign(0xBAD, court.hashAllowance(allowance));
        vm.expectRevert(abi.encodeWithSelector(ICheckpoints.InvalidSignature.selector, payer));
        court.recordCap(allowance, signature);
    }

    function test_withAChangedAllowance_reverts() external {
        bytes memory signature = sign(PAYER_KEY, court.hashAllowance(allowance));
        allowance.accountCap += 1;
        vm.expectRevert(abi.encodeWithSelector(ICheckpoints.InvalidSignature.selector, payer));
        court.recordCap(allowance, signature);
    }

    /// @dev Both signatures of a malleable pair sign the same digest. The court accepts the lower
    ///      one.
    function test_withAMalleatedSignature_reverts() external {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(PAYER_KEY, court.hashAllowance(allowance));
        bytes32 high = bytes32(
            0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141 - uint256(s)
        );
        vm.expectRevert(abi.encodeWithSelector(ICheckpoints.InvalidSignature.selector, payer));
        court.recordCap(allowance, abi.encodePacked(r, high, v == 27 ? 28 : 27));
    }

    function test_ofAnAccountThatGotCodeLater_stillCounts() external {
        bytes memory signature = sign(PAYER_KEY, court.hashAllowance(allowance));
        vm.etch(payer, hex"60006000fd");
        court.recordCap(allowance, signature);
        same(court.recordedCap(payer, 0), 300 * CREDIT, "cap");
    }

    function test_ofAContractWallet_survivesADisownedSignature() external {
        TestWallet wallet = TestWallet(
            payable(create("TestWallet.sol:TestWallet", abi.encode(vm.addr(PAYER_KEY))))
        );
        allowance.account = address(wallet);
        bytes memory signature = bytes.concat(
            sign(PAYER_KEY, court.hashAllowance(allowance)),
            hex"01"
        );
        court.recordCap(allowance, signature);
        wallet.setMood(TestWallet.Mood.Disowning);
        same(court.recordedCap(address(wallet), 0), 300 * CREDIT, "cap");
        allowance.accountCap += 1;
        signature = bytes.concat(sign(PAYER_KEY, court.hashAllowance(allowance)), hex"01");
        vm.expectRevert(
            abi.encodeWithSelector(ICheckpoints.InvalidSignature.selector, address(wallet))
        );
        court.recordCap(allowance, signature);
        wallet.setMood(TestWallet.Mood.Reverting);
        vm.expectRevert(
            abi.encodeWithSelector(ICheckpoints.InvalidSignature.selector, address(wallet))
        );
        court.recordCap(allowance, signature);
    }
}

contract OmissionTest is CourtFixture {
    function ask(address challenger, uint256 index) internal {
        bytes32[] memory proof = Table.proof(before, index);
        vm.prank(challenger);
        court.challengeOmission{value: STAKE}(before[index], proof);
    }

    function setUp() public override {
        super.setUp();
        vm.deal(provider, 1 ether);
    }

    function test_ofAProvidersRow_isAnsweredByTheRow() external {
        submit(rows);
        ask(provider, 2);
        answer(provider, 2, 0);
        same(credits.pendingCheckpoint().finalAt, block.timestamp + DISPUTE, "released");
    }

    function test_ofAPayersRow_needsACapToo() external {
        submit(rows);
        ask(otherPayer, 0);
        answerReverts(
            otherPayer,
            0,
            0,
            abi.encodeWithSelector(IDisputes.NotCovered.selector, payer, uint64(0), 300 * CREDIT)
        );
        recordCap();
        answer(otherPayer, 0, 0);
    }

    function test_ofASmallerRow_cannotBeAnswered() external {
        rows[2].earned = 100 * CREDIT - 1;
        rows[0].spent = 100 * CREDIT;
        ICreditTypes.Checkpoint memory checkpoint = checkpointOf(rows);
        checkpoint.earned = 100 * CREDIT;
        submit(checkpoint);
        ask(provider, 2);
        answerReverts(
            provider,
            2,
            0,
            abi.encodeWithSelector(IDisputes.RowFallsShort.selector, provider)
        );
        skip(ANSWER + 1);
        court.dropUnanswered(provider, provider);
        samePending(0);
    }

    function test_answeredByARowAboveItsPurchases_reverts() external {
        rows[0].spent = 1_000 * CREDIT + 1;
        rows[2].earned = 1_000 * CREDIT;
        allowance.accountCap = NO_LIMIT;
        recordCap();
        submit(rows);
        ask(otherPayer, 0);
        answerReverts(
            otherPayer,
            0,
            0,
            abi.encodeWithSelector(IDisputes.RowFallsShort.selector, payer)
        );
    }

    function test_ofARowOutsideTheFinalTable_reverts() external {
        submit(rows);
        bytes32[] memory proof = Table.proof(rows, 2);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICreditTypes.RowNotInCheckpoint.selector,
                provider,
                Table.root(rows)
            )
        );
        court.challengeOmission{value: STAKE}(rows[2], proof);
    }
}

contract EarningsReceiptTest is CourtFixture {
    IDisputes.EarningsReceipt internal receipt;

    function setUp() public override {
        super.setUp();
        vm.deal(provider, 1 ether);
        receipt = IDisputes.EarningsReceipt(provider, 250 * CREDIT, 2);
    }

    function ask() internal {
        ICreditTypes.SignerSignature[] memory signatures = signed(
            court.hashEarningsReceipt(receipt)
        );
        vm.prank(provider);
        court.challengeEarnings{value: STAKE}(receipt, signatures);
    }

    function test_withAnEqualOrLargerRow_isAnswered() external {
        submit(rows);
        ask();
        answer(provider, 2, 0);
        same(credits.pendingCheckpoint().finalAt, block.timestamp + DISPUTE, "released");
    }

    function test_withASmallerRow_cannotBeAnswered() external {
        receipt.earned = 300 * CREDIT + 1;
        submit(rows);
        ask();
        answerReverts(
            provider,
            2,
            0,
            abi.encodeWithSelector(IDisputes.RowFallsShort.selector, provider)
        );
        skip(ANSWER + 1);
        court.dropUnanswered(provider, provider);
        samePending(0);
    }

    /// @dev A provider that has not earned yet has no row. A promise of nothing must not drop the
    ///      checkpoint for want of one.
    function test_ofNothing_reverts() external {
        submit(rows);
        (receipt.provider, receipt.earned) = (otherProvider, 0);
        askReverts(otherProvider);
        receipt.earned = 1;
        ask();
    }

    function test_ofSettledEarnings_reverts() external {
        settle(before, 2);
        submit(rows);
        receipt.earned = 100 * CREDIT;
        askReverts(provider);
        receipt.earned += 1;
        ask();
    }

    function askReverts(address who) private {
        ICreditTypes.SignerSignature[] memory signatures = signed(
            court.hashEarningsReceipt(receipt)
        );
        bytes memory reason = abi.encodeWithSelector(IDisputes.NothingToAnswer.selector, who);
        vm.expectRevert(reason);
        vm.prank(provider);
        court.challengeEarnings{value: STAKE}(receipt, signatures);
        court.registerReceipt(receipt, signatures);
        vm.expectRevert(reason);
        vm.prank(provider);
        court.challengeRegisteredEarnings{value: STAKE}(who);
    }

    function test_forALaterCheckpoint_reverts() external {
        receipt.epoch = 3;
        submit(rows);
        ICreditTypes.SignerSignature[] memory signatures = signed(
            court.hashEarningsReceipt(receipt)
        );
        vm.expectRevert(
            abi.encodeWithSelector(IDisputes.ReceiptNotDue.selector, uint64(3), uint64(2))
        );
        court.challengeEarnings{value: STAKE}(receipt, signatures);
    }

    function test_withTooFewSignatures_reverts() external {
        submit(rows);
        ICreditTypes.SignerSignature[] memory signatures = new ICreditTypes.SignerSignature[](1);
        signatures[0] = signed(court.hashEarningsReceipt(receipt))[0];
        vm.expectRevert(abi.encodeWithSelector(ICheckpoints.TooFewSignatures.selector, 1, 2));
        court.challengeEarnings{value: STAKE}(receipt, signatures);
    }
}
