// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {ITerms} from "../../contracts/interfaces/ITerms.sol";
import {TestDollar} from "../../contracts/mocks/TestDollar.sol";
import {Fixture} from "./support/Fixture.sol";
import {Table} from "./support/Table.sol";

contract RecipientTest is Fixture {
    function test_untilChosen_isThePartyItself() external {
        same(credits.recipientOf(provider), provider, "itself");
        vm.expectEmit(address(credits));
        emit ISettlement.RecipientChosen(provider, stranger);
        vm.prank(provider);
        credits.setRecipient(stranger);
        same(credits.recipientOf(provider), stranger, "chosen");
        vm.prank(provider);
        credits.setRecipient(address(0));
        same(credits.recipientOf(provider), provider, "itself again");
    }

    function test_onceChosen_receivesThePayouts() external {
        vm.prank(provider);
        credits.setRecipient(otherProvider);
        buy(payer, 1_000 * CREDIT);
        ICreditTypes.Row[] memory rows = table(
            row(payer, 100 * CREDIT, 0, 0),
            row(provider, 0, 0, 100 * CREDIT)
        );
        finalize(rows);
        settle(rows, 1);
        same(dollar.balanceOf(otherProvider), 1e6, "recipient");
        same(dollar.balanceOf(provider), 0, "party");
    }

    /// @dev One word holds the numbers and the flag, and no purchase, row or exit changes the flag.
    function test_onceChosen_staysAcrossPurchasesAndRows() external {
        vm.prank(payer);
        credits.setRecipient(otherProvider);
        buy(payer, 1_000 * CREDIT);
        buy(otherPayer, 1_000 * CREDIT);
        same(credits.recipientOf(otherPayer), otherPayer, "no other party's");
        ICreditTypes.Row[] memory rows = table(
            row(payer, 100 * CREDIT, 100 * CREDIT, 0),
            row(otherPayer, 0, 0, 100 * CREDIT)
        );
        finalize(rows);
        same(settle(rows, 0), 1e6, "refunded");
        buy(payer, 1 * CREDIT);
        same(dollar.balanceOf(otherProvider), 1e6, "recipient");
        same(credits.recipientOf(payer), otherProvider, "unchanged");
        sameParty(payer, 1_001 * CREDIT, 100 * CREDIT, 100 * CREDIT, 0);
        same(credits.balanceOf(payer), 801 * CREDIT, "balance");

        vm.prank(payer);
        credits.setRecipient(address(0));
        same(credits.recipientOf(payer), payer, "itself again");
        sameParty(payer, 1_001 * CREDIT, 100 * CREDIT, 100 * CREDIT, 0);
    }
}

contract OwedTest is Fixture {
    ICreditTypes.Row[] internal rows;

    function setUp() public override {
        super.setUp();
        buy(payer, 1_000 * CREDIT);
        rows.push(row(payer, 100 * CREDIT, 50 * CREDIT, 0));
        rows.push(row(provider, 0, 0, 60 * CREDIT));
        rows.push(row(otherProvider, 0, 0, 40 * CREDIT));
        finalize(rows);
        dollar.setBlacklisted(provider, true);
    }

    function test_refusedPayout_isOwed_andCanBeWithdrawnElsewhere() external {
        vm.expectEmit(address(credits));
        emit ISettlement.PayoutDeferred(provider, provider, 600_000);
        same(settle(rows, 1), 600_000, "due");
        same(credits.owedTo(provider), 600_000, "owed");
        sameParty(provider, 0, 0, 0, 60 * CREDIT);

        vm.expectEmit(address(credits));
        emit ISettlement.OwedWithdrawn(provider, stranger, 600_000);
        vm.prank(provider);
        same(credits.withdrawOwed(stranger), 600_000, "withdrawn");
        same(dollar.balanceOf(stranger), 1_000_000e6 + 600_000, "received");
        same(credits.owedTo(provider), 0, "nothing owed");
    }

    function test_secondWithdrawal_reverts_andSoDoesAStrangers() external {
        settle(rows, 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NothingOwed.selector, stranger));
        vm.prank(stranger);
        credits.withdrawOwed(stranger);
        vm.startPrank(provider);
        credits.withdrawOwed(stranger);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NothingOwed.selector, provider));
        credits.withdrawOwed(stranger);
    }

    function test_withdrawalToARefusedAddress_reverts_andStaysOwed() external {
        settle(rows, 1);
        vm.expectRevert(abi.encodeWithSelector(TestDollar.Blacklisted.selector, provider));
        vm.prank(provider);
        credits.withdrawOwed(provider);
        same(credits.owedTo(provider), 600_000, "still owed");
    }

    function test_batchWithARefusedRecipientAndABadRow_settlesTheOthers() external {
        ICreditTypes.Row[] memory batch = new ICreditTypes.Row[](4);
        bytes32[][] memory proofs = new bytes32[][](4);
        for (uint256 i = 0; i < 3; ++i) {
            (batch[i + 1], proofs[i + 1]) = (rows[i], Table.proof(rows, i));
        }
        batch[0] = row(stranger, 0, 0, 1_000 * CREDIT);
        vm.expectEmit(address(credits));
        emit ISettlement.RowSkipped(stranger);
        credits.settleMany(batch, 1, proofs);
        sameParty(payer, 1_000 * CREDIT, 100 * CREDIT, 50 * CREDIT, 0);
        same(credits.owedTo(provider), 600_000, "owed");
        same(dollar.balanceOf(otherProvider), 400_000, "paid");
        (uint64 spent, uint64 refunded, uint64 earned, uint64 fees) = credits.settledTotals();
        same(spent, 100 * CREDIT, "spent");
        same(refunded, 50 * CREDIT, "refunded");
        same(earned, 100 * CREDIT, "earned");
        same(fees, 0, "fees");
    }

    function test_batchWithoutAProofForEachRow_reverts() external {
        vm.expectRevert(abi.encodeWithSelector(ICreditTypes.LengthMismatch.selector, 3, 1));
        credits.settleMany(rows, 1, new bytes32[][](1));
    }
}

/// @dev Rows that promise more than their checkpoint's totals are cut to the pools.
contract PoolsTest is Fixture {
    function setUp() public override {
        super.setUp();
        buy(payer, 1_000 * CREDIT);
        buy(otherPayer, 1_000 * CREDIT);
    }

    function finalizeWith(
        ICreditTypes.Row[] memory rows,
        uint64 spent,
        uint64 refunded,
        uint64 earned
    ) private {
        ICreditTypes.Checkpoint memory checkpoint = checkpointOf(rows);
        (checkpoint.spent, checkpoint.refunded, checkpoint.earned) = (spent, refunded, earned);
        submit(checkpoint);
        skip(DISPUTE);
    }

    function test_earningsAboveTheTotal_areCut_andPaidWhenItGrows() external {
        ICreditTypes.Row[] memory rows = table(
            row(payer, 100 * CREDIT, 0, 0),
            row(provider, 0, 0, 100 * CREDIT),
            row(otherProvider, 0, 0, 50 * CREDIT)
        );
        finalizeWith(rows, 100 * CREDIT, 0, 100 * CREDIT);
        same(settle(rows, 1), 1e6, "the first takes the whole pool");
        same(settle(rows, 2), 0, "the second takes nothing");
        sameParty(otherProvider, 0, 0, 0, 0);

        rows[0].spent = 150 * CREDIT;
        finalizeWith(rows, 150 * CREDIT, 0, 150 * CREDIT);
        same(settle(rows, 2), 500_000, "the second is paid when the pool grows");
    }

    function test_refundsAboveTheTotal_areCut() external {
        ICreditTypes.Row[] memory rows = table(
            row(payer, 0, 100 * CREDIT, 0),
            row(otherPayer, 0, 100 * CREDIT, 0)
        );
        finalizeWith(rows, 0, 150 * CREDIT, 0);
        same(settle(rows, 0), 1e6, "the first");
        same(settle(rows, 1), 500_000, "the second");
    }

    function test_rowAboveItsPurchases_isCut() external {
        ICreditTypes.Row[] memory rows = table(
            row(payer, 900 * CREDIT, 300 * CREDIT, 0),
            row(otherPayer, 2_000 * CREDIT, 0, 0)
        );
        finalizeWith(rows, 1_000 * CREDIT, 300 * CREDIT, 1_000 * CREDIT);
        same(settle(rows, 0), 1e6, "spent comes before new refunds");
        sameParty(payer, 1_000 * CREDIT, 900 * CREDIT, 100 * CREDIT, 0);
        settle(rows, 1);
        sameParty(otherPayer, 1_000 * CREDIT, 1_000 * CREDIT, 0, 0);
        same(credits.totalSupply(), 0, "exactly nothing left");
    }

    function test_refundedCredits_cannotBeSpent() external {
        ICreditTypes.Row[] memory rows = table(row(payer, 0, 700 * CREDIT, 0));
        finalizeWith(rows, 0, 700 * CREDIT, 0);
        settle(rows, 0);
        rows[0] = row(payer, 500 * CREDIT, 700 * CREDIT, 0);
        finalizeWith(rows, 500 * CREDIT, 700 * CREDIT, 500 * CREDIT);
        settle(rows, 0);
        sameParty(payer, 1_000 * CREDIT, 300 * CREDIT, 700 * CREDIT, 0);
    }

    function test_claimedFirst_feesLeaveAllEarnings() external {
        ICreditTypes.Row[] memory rows = table(
            row(payer, 100 * CREDIT, 0, 0),
            row(provider, 0, 0, 200 * CREDIT)
        );
        finalizeWith(rows, 100 * CREDIT, 0, 96 * CREDIT);
        same(credits.claimFees(), 40_000, "fees");
        same(settle(rows, 1), 960_000, "earnings");
        same(credits.claimFees(), 0, "no more");
        finalizeWith(rows, 200 * CREDIT, 0, 192 * CREDIT);
        same(credits.claimFees(), 40_000, "only the new fee");
    }
}

contract TermsTest is Fixture {
    uint32 private constant ROUND = DISPUTE + ANSWER;
    uint32 private constant YEAR = 365 days;

    function reverts(ITerms.Terms memory wrong, bytes memory reason) private {
        vm.expectRevert(reason);
        this.deploy(wrong);
    }

    function deploy(ITerms.Terms calldata chosen) external {
        create("ComputeCredits.sol:ComputeCredits", abi.encode(chosen));
    }

    function test_afterDeployment_areReadable() external view {
        same(credits.token(), address(dollar), "token");
        same(credits.creditMicrosPerToken(), PRICE, "price");
        same(credits.maxFeeBps(), 500, "fee");
        same(credits.disputeWindowSeconds(), DISPUTE, "dispute");
        same(credits.answerWindowSeconds(), ANSWER, "answer");
        same(credits.refundWindowSeconds(), REFUND, "refund");
        same(credits.exitGraceSeconds(), GRACE, "grace");
        same(credits.counterGraceSeconds(), COUNTER_GRACE, "counter grace");
        same(credits.signerDelaySeconds(), SIGNER_DELAY, "signer delay");
        same(credits.unprovenLimitMicros(), NO_LIMIT, "unproven limit");
        same(credits.challengeStakeWei(), STAKE, "stake");
        same(credits.deploymentBlock(), block.number, "deployment block");
        same(credits.owner(), owner, "owner");
        same(credits.guardian(), guardian, "guardian");
        same(credits.feeRecipient(), feeRecipient, "fee recipient");
        same(credits.threshold(), 2, "threshold");
        yes(credits.isSigner(vm.addr(signerKeys[0])), "signer");
        yes(!credits.isSigner(stranger), "no signer");
        same(court.vault(), address(credits), "the court's vault");
    }

    function test_withoutAPrice_revert() external {
        ITerms.Terms memory wrong = terms();
        wrong.creditMicrosPerToken = 0;
        reverts(wrong, abi.encodeWithSelector(ITerms.ZeroCreditPrice.selector));
    }

    function test_withAFeeAbove100Percent_revert() external {
        ITerms.Terms memory wrong = terms();
        wrong.maxFeeBps = 10_001;
        reverts(wrong, abi.encodeWithSelector(ITerms.FeeAboveMaximum.selector, 10_001, 10_000));
        wrong.maxFeeBps = 10_000;
        this.deploy(wrong);
    }

    function test_withoutAFeeRecipient_revert() external {
        ITerms.Terms memory wrong = terms();
        wrong.feeRecipient = address(0);
        reverts(wrong, abi.encodeWithSelector(ITerms.ZeroAddress.selector));
    }

    function test_withTooShortWindows_revert() external {
        ITerms.Terms memory wrong = terms();
        wrong.disputeWindowSeconds = 0;
        wrongWindow(wrong, "disputeWindowSeconds", 0, 1, YEAR);
        wrong = terms();
        wrong.answerWindowSeconds = 0;
        wrongWindow(wrong, "answerWindowSeconds", 0, 1, YEAR);
        wrong = terms();
        wrong.refundWindowSeconds = 3 * ROUND - 1;
        wrongWindow(wrong, "refundWindowSeconds", 3 * ROUND - 1, 3 * ROUND, YEAR);
        wrong = terms();
        wrong.counterGraceSeconds = 2 * ROUND - 1;
        wrongWindow(wrong, "counterGraceSeconds", 2 * ROUND - 1, 2 * ROUND, YEAR);
        wrong = terms();
        wrong.exitGraceSeconds = 0;
        wrongWindow(wrong, "exitGraceSeconds", 0, 1, YEAR);
        wrong = terms();
        wrong.signerDelaySeconds = 2 * REFUND + ROUND - 1;
        wrongWindow(wrong, "signerDelaySeconds", 2 * REFUND + ROUND - 1, 2 * REFUND + ROUND, YEAR);
    }

    /// @dev With longer windows users could not leave the vault in a reasonable time.
    function test_withWindowsOverAYear_revert() external {
        ITerms.Terms memory wrong = terms();
        wrong.disputeWindowSeconds = YEAR + 1;
        wrongWindow(wrong, "disputeWindowSeconds", YEAR + 1, 1, YEAR);
        wrong = terms();
        wrong.answerWindowSeconds = YEAR + 1;
        wrongWindow(wrong, "answerWindowSeconds", YEAR + 1, 1, YEAR);
        wrong = terms();
        wrong.refundWindowSeconds = YEAR + 1;
        wrongWindow(wrong, "refundWindowSeconds", YEAR + 1, 3 * ROUND, YEAR);
        wrong = terms();
        wrong.counterGraceSeconds = YEAR + 1;
        wrongWindow(wrong, "counterGraceSeconds", YEAR + 1, 2 * ROUND, YEAR);
        wrong = terms();
        wrong.exitGraceSeconds = YEAR + 1;
        wrongWindow(wrong, "exitGraceSeconds", YEAR + 1, 1, YEAR);
        wrong = terms();
        wrong.signerDelaySeconds = YEAR + 1;
        wrongWindow(wrong, "signerDelaySeconds", YEAR + 1, 2 * REFUND + ROUND, YEAR);
    }

    function test_withTheShortestAndTheLongestWindows_areAccepted() external {
        ITerms.Terms memory chosen = terms();
        (chosen.disputeWindowSeconds, chosen.answerWindowSeconds, chosen.exitGraceSeconds) = (
            1,
            1,
            1
        );
        (chosen.refundWindowSeconds, chosen.counterGraceSeconds, chosen.signerDelaySeconds) = (
            6,
            4,
            14
        );
        this.deploy(chosen);
        (chosen.exitGraceSeconds, chosen.counterGraceSeconds, chosen.signerDelaySeconds) = (
            YEAR,
            YEAR,
            YEAR
        );
        this.deploy(chosen);
    }

    function test_withoutAStake_revert() external {
        ITerms.Terms memory wrong = terms();
        wrong.challengeStakeWei = 0;
        reverts(wrong, abi.encodeWithSignature("ZeroStake()"));
    }

    function test_withAnImpossibleThreshold_revert() external {
        ITerms.Terms memory wrong = terms();
        wrong.threshold = 0;
        reverts(wrong, abi.encodeWithSignature("ImpossibleThreshold(uint256,uint256)", 0, 2));
        wrong.threshold = 3;
        reverts(wrong, abi.encodeWithSignature("ImpossibleThreshold(uint256,uint256)", 3, 2));
    }

    function test_withOneSignerTwice_revert() external {
        ITerms.Terms memory wrong = terms();
        wrong.signers[1] = wrong.signers[0];
        reverts(
            wrong,
            abi.encodeWithSignature(
                "SignersNotAscending(address,address)",
                wrong.signers[0],
                wrong.signers[0]
            )
        );
    }

    function wrongWindow(
        ITerms.Terms memory wrong,
        bytes32 window,
        uint256 actual,
        uint256 least,
        uint256 most
    ) private {
        reverts(
            wrong,
            abi.encodeWithSignature(
                "WindowOutOfBounds(bytes32,uint256,uint256,uint256)",
                window,
                actual,
                least,
                most
            )
        );
    }
}
