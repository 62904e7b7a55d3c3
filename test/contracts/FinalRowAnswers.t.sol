// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {IDisputes} from "../../contracts/interfaces/IDisputes.sol";
import {CourtFixture} from "./Court.t.sol";
import {Fixture} from "./support/Fixture.sol";
import {Table} from "./support/Table.sol";

/// @dev The payer signed a cap of 300, then raised its counter, and the grace is over. The final
///      table charges it 100, of which nothing is settled.
contract AnswerWithFinalRowTest is CourtFixture {
    function setUp() public virtual override {
        super.setUp();
        rows[0].spent = 100 * CREDIT;
        rows[2].earned = 100 * CREDIT;
        recordCap();
        vm.prank(payer);
        credits.revokeAll();
        skip(COUNTER_GRACE + 1);
    }

    function submitAndAsk() private {
        submit(rows);
        challenge(stranger, 0);
    }

    function answerByFinalRow(ICreditTypes.Row memory finalRow, bytes32[] memory proof) private {
        bytes32[] memory shown = Table.proof(rows, 0);
        vm.prank(otherPayer);
        court.answerWithFinalRow(stranger, rows[0], shown, finalRow, proof);
    }

    function answerByFinalRow() private {
        answerByFinalRow(before[0], Table.proof(before, 0));
    }

    function reverts(
        ICreditTypes.Row memory finalRow,
        bytes32[] memory proof,
        bytes memory reason
    ) private {
        bytes32[] memory shown = Table.proof(rows, 0);
        vm.expectRevert(reason);
        court.answerWithFinalRow(stranger, rows[0], shown, finalRow, proof);
    }

    function reverts(bytes memory reason) private {
        reverts(before[0], Table.proof(before, 0), reason);
    }

    function test_ofAnEndedCounter_withNoNewSpending_isAnswered() external {
        submitAndAsk();
        answerReverts(
            stranger,
            0,
            0,
            abi.encodeWithSelector(IDisputes.CounterEnded.selector, payer, uint64(0))
        );
        vm.expectEmit(address(court));
        emit IDisputes.ChallengeAnswered(payer, stranger, otherPayer, 100 * CREDIT, 0, 0);
        answerByFinalRow();
        same(court.challengeOf(payer, stranger).deadline, 0, "closed");
        same(court.stakeOf(otherPayer), STAKE / 2, "half goes to the answerer");
        same(court.stakeOf(feeRecipient), STAKE - STAKE / 2, "half goes to the fee recipient");
        skip(DISPUTE);
        same(credits.finalCheckpoint().epoch, 2, "final");
    }

    function test_ofARowThatChargesMore_reverts() external {
        rows[0].spent += 1;
        submitAndAsk();
        reverts(
            abi.encodeWithSelector(
                IDisputes.NewSpending.selector,
                payer,
                100 * CREDIT,
                100 * CREDIT + 1
            )
        );
    }

    function test_withAnothersFinalRow_reverts() external {
        before[1].spent = 100 * CREDIT;
        before[2].earned = 200 * CREDIT;
        finalize(before);
        rows[1].spent = 100 * CREDIT;
        rows[2].earned = 200 * CREDIT;
        submitAndAsk();
        reverts(
            before[1],
            Table.proof(before, 1),
            abi.encodeWithSelector(IDisputes.PartyMismatch.selector, otherPayer, payer)
        );
    }

    function test_withAForgedFinalRow_reverts() external {
        rows[0].spent += 1;
        submitAndAsk();
        bytes32[] memory proof = Table.proof(before, 0);
        ICreditTypes.Row memory forged = row(payer, 100 * CREDIT + 1, 0, 0);
        reverts(forged, proof, notIn(forged, proof));
        reverts(rows[0], Table.proof(rows, 0), notIn(rows[0], Table.proof(rows, 0)));
    }

    function test_withARowOutsideThePendingTable_reverts() external {
        submitAndAsk();
        bytes32[] memory shown = Table.proof(rows, 0);
        bytes32[] memory proof = Table.proof(before, 0);
        ICreditTypes.Row memory forged = row(payer, 100 * CREDIT, 0, 1);
        vm.expectRevert(notIn(forged, shown));
        court.answerWithFinalRow(stranger, forged, shown, before[0], proof);
    }

    /// @dev The final row waives the cap only. What it shows is missing in the pending table.
    function test_ofAnOmission_needsThePendingRow() external {
        rows[0].spent = 100 * CREDIT - 1;
        rows[1].spent = 1;
        submit(rows);
        bytes32[] memory proof = Table.proof(before, 0);
        vm.prank(stranger);
        court.challengeOmission{value: STAKE}(before[0], proof);
        reverts(abi.encodeWithSelector(IDisputes.RowFallsShort.selector, payer));
        vm.expectRevert(notIn(before[0], proof));
        court.answerWithFinalRow(stranger, before[0], proof, before[0], proof);
        skip(ANSWER + 1);
        court.dropUnanswered(payer, stranger);
        samePending(0);
    }

    function test_afterTheDeadline_reverts() external {
        submitAndAsk();
        uint40 deadline = uint40(block.timestamp + ANSWER);
        vm.warp(deadline);
        uint256 snapshot = court.stakeOf(otherPayer);
        skip(1);
        reverts(abi.encodeWithSelector(IDisputes.AnswerTooLate.selector, deadline + 1, deadline));
        vm.warp(deadline);
        answerByFinalRow();
        same(court.stakeOf(otherPayer), snapshot + STAKE / 2, "in the last second");
    }

    function test_withoutAChallenge_reverts() external {
        submit(rows);
        reverts(abi.encodeWithSelector(IDisputes.NoChallenge.selector, payer, stranger));
    }

    /// @dev The waiver passes on nothing: each final row charges no more than the first one.
    function test_overManyEpochs_neverRaisesTheCharge() external {
        for (uint256 i = 0; i < 4; ++i) {
            submitAndAsk();
            answerByFinalRow(i == 0 ? before[0] : rows[0], Table.proof(i == 0 ? before : rows, 0));
            skip(DISPUTE);
        }
        same(credits.finalCheckpoint().epoch, 5, "four epochs later");
        ICreditTypes.Row memory last = rows[0];
        bytes32[] memory proof = Table.proof(rows, 0);
        rows[0].spent += 1;
        rows[2].earned += 1;
        submitAndAsk();
        reverts(
            last,
            proof,
            abi.encodeWithSelector(
                IDisputes.NewSpending.selector,
                payer,
                100 * CREDIT,
                100 * CREDIT + 1
            )
        );
    }

    function test_afterADrop_theFinalTableStillAnswers() external {
        submitAndAsk();
        vm.prank(guardian);
        credits.veto();
        skip(1);
        submitAndAsk();
        answerByFinalRow();
        skip(DISPUTE);
        same(credits.finalCheckpoint().epoch, 2, "final");
    }

    /// @dev Spent, and charged by the final row, in any order.
    function testFuzz_isAnswered_ifNothingIsNew(uint64 inFinal, uint64 inPending) external {
        inFinal = uint64(between(inFinal, 100 * CREDIT, 900 * CREDIT));
        inPending = uint64(between(inPending, 100 * CREDIT, 900 * CREDIT));
        before[0].spent = inFinal;
        before[2].earned = inFinal;
        finalize(before);
        rows[0].spent = inPending;
        rows[2].earned = inPending;
        ICreditTypes.Checkpoint memory next = checkpointOf(rows);
        if (next.spent < inFinal) (next.spent, next.earned) = (inFinal, inFinal);
        submit(next);
        challenge(stranger, 0);
        if (inPending <= inFinal) return answerByFinalRow();
        reverts(abi.encodeWithSelector(IDisputes.NewSpending.selector, payer, inFinal, inPending));
    }
}

/// @dev In the first epoch there is no final table, and no row leads to the zero root.
contract AnswerInTheFirstEpochTest is Fixture {
    function test_withAnyRow_reverts() external {
        buy(payer, 1_000 * CREDIT);
        ICreditTypes.Row[] memory rows = table(row(payer, 1, 0, 1));
        submit(rows);
        // An earnings challenge is the only one before the first final table that asks for no cap.
        IDisputes.EarningsReceipt memory receipt = IDisputes.EarningsReceipt(payer, 1, 1);
        ICreditTypes.SignerSignature[] memory signatures = signed(
            court.hashEarningsReceipt(receipt)
        );
        vm.prank(stranger);
        court.challengeEarnings{value: STAKE}(receipt, signatures);
        bytes32[] memory proof = Table.proof(rows, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICreditTypes.RowNotInCheckpoint.selector,
                payer,
                Table.root(rows)
            )
        );
        court.answerWithFinalRow(stranger, rows[0], proof, rows[0], proof);
        vm.expectRevert(
            abi.encodeWithSelector(IDisputes.NotCovered.selector, payer, uint64(0), uint64(1))
        );
        court.answer(stranger, rows[0], proof, 0);
    }
}

/// @dev A vault with a limit: the waiver answers, but charges no one.
contract AnswerWithFinalRowInALimitedVaultTest is CourtFixture {
    function unprovenLimit() internal pure override returns (uint64) {
        return 0;
    }

    function test_coverSpending_stillNeedsTheCap() external {
        recordCap();
        rows[0].spent = 100 * CREDIT;
        rows[2].earned = 100 * CREDIT;
        vm.prank(payer);
        credits.revokeAll();
        skip(COUNTER_GRACE + 1);
        submit(rows);
        challenge(stranger, 0);
        court.answerWithFinalRow(
            stranger,
            rows[0],
            Table.proof(rows, 0),
            before[0],
            Table.proof(before, 0)
        );
        skip(DISPUTE);
        bytes32[] memory proof = Table.proof(rows, 0);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.CounterEnded.selector, payer, uint64(0)));
        court.coverSpending(rows[0], proof, 0);
        settle(rows, 0);
        sameParty(payer, 1_000 * CREDIT, 0, 0, 0);
    }
}
