// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBond} from "../../contracts/interfaces/IBond.sol";
import {ICheckpoints} from "../../contracts/interfaces/ICheckpoints.sol";
import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {IDisputes} from "../../contracts/interfaces/IDisputes.sol";
import {Fixture} from "./support/Fixture.sol";

/// @dev After a change of signers, the former signers answer for their signatures, which count for
///      no more than before. Two signers, both needed, are replaced by others or by one of them.
contract RotationTest is Fixture {
    uint256 internal constant NEXT_KEY = 0x51;

    ICreditTypes.Checkpoint internal a;
    ICreditTypes.Checkpoint internal b;
    ICreditTypes.SignerSignature[] internal ofA;
    ICreditTypes.SignerSignature[] internal ofB;

    function setUp() public override {
        super.setUp();
        buy(payer, 1_000 * CREDIT);
        a = checkpointOf(table(row(payer, 100 * CREDIT, 0, 0), row(provider, 0, 0, 100 * CREDIT)));
        b = checkpointOf(table(row(payer, 200 * CREDIT, 0, 0), row(provider, 0, 0, 200 * CREDIT)));
        keep(ofA, signed(credits.hashCheckpoint(a)));
        keep(ofB, signed(credits.hashCheckpoint(b)));
        fund(stranger);
        vm.startPrank(stranger);
        dollar.approve(address(court), 10e6);
        court.depositBond(10e6);
        vm.stopPrank();
    }

    function keep(
        ICreditTypes.SignerSignature[] storage list,
        ICreditTypes.SignerSignature[] memory signatures
    ) private {
        for (uint256 i = 0; i < signatures.length; ++i) list.push(signatures[i]);
    }

    function onlyFirst(
        ICreditTypes.SignerSignature[] memory signatures
    ) private pure returns (ICreditTypes.SignerSignature[] memory one) {
        one = new ICreditTypes.SignerSignature[](1);
        one[0] = signatures[0];
    }

    function rotateTo(uint256 key) private {
        address[] memory next = new address[](1);
        next[0] = vm.addr(key);
        vm.prank(owner);
        credits.announceSigners(next, 1);
        skip(SIGNER_DELAY);
        credits.changeSigners(next, 1);
        delete signerKeys;
        signerKeys.push(key);
    }

    function test_equivocationOfFormerSigners_withinTheDelay_isProvable() external {
        rotateTo(NEXT_KEY);
        skip(SIGNER_DELAY);
        court.proveEquivocation(a, ofA, b, ofB);
        same(court.bond(), 0, "slashed");
    }

    function test_equivocationOfFormerSigners_afterTheDelay_reverts() external {
        rotateTo(NEXT_KEY);
        uint256 end = block.timestamp + SIGNER_DELAY;
        vm.warp(end + 1);
        vm.expectRevert(abi.encodeWithSelector(ICheckpoints.FormerSigners.selector, end + 1, end));
        court.proveEquivocation(a, ofA, b, ofB);
    }

    function test_newSigners_forAnEarlierAsOf_areNoQuorum() external {
        rotateTo(NEXT_KEY);
        ICreditTypes.SignerSignature[] memory newOfA = signed(credits.hashCheckpoint(a));
        ICreditTypes.SignerSignature[] memory newOfB = signed(credits.hashCheckpoint(b));
        vm.expectRevert(abi.encodeWithSelector(ICheckpoints.TooFewSignatures.selector, 1, 2));
        court.proveEquivocation(a, newOfA, b, newOfB);
    }

    function test_formerSigners_forALaterAsOf_areNoQuorum() external {
        rotateTo(NEXT_KEY);
        a.asOf = uint64(block.timestamp);
        _sortedKeys(2);
        ICreditTypes.SignerSignature[] memory late = signed(credits.hashCheckpoint(a));
        vm.expectRevert(
            abi.encodeWithSelector(ICheckpoints.UnknownSigner.selector, late[0].signer)
        );
        credits.submitCheckpoint(a, late);
    }

    function test_receiptOfFormerSigners_withinTheDelay_canBeClaimed() external {
        IDisputes.EarningsReceipt memory receipt = IDisputes.EarningsReceipt(
            provider,
            150 * CREDIT,
            1
        );
        ICreditTypes.SignerSignature[] memory signatures = signed(
            court.hashEarningsReceipt(receipt)
        );
        rotateTo(NEXT_KEY);
        skip(SIGNER_DELAY);
        submit(table(row(payer, 100 * CREDIT, 0, 0), row(provider, 0, 0, 100 * CREDIT)));
        vm.prank(stranger);
        court.challengeEarnings{value: STAKE}(receipt, signatures);
        same(court.challengeOf(provider, stranger).earned, 150 * CREDIT, "asked");

        skip(1);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICheckpoints.FormerSigners.selector,
                block.timestamp,
                block.timestamp - 1
            )
        );
        vm.prank(otherPayer);
        court.challengeEarnings{value: STAKE}(receipt, signatures);
    }

    function test_receiptOfNewSigners_canBeClaimed() external {
        rotateTo(NEXT_KEY);
        IDisputes.EarningsReceipt memory receipt = IDisputes.EarningsReceipt(
            provider,
            150 * CREDIT,
            1
        );
        ICreditTypes.SignerSignature[] memory signatures = signed(
            court.hashEarningsReceipt(receipt)
        );
        submit(table(row(payer, 100 * CREDIT, 0, 0), row(provider, 0, 0, 100 * CREDIT)));
        vm.prank(stranger);
        court.challengeEarnings{value: STAKE}(receipt, signatures);
    }

    /// @dev One of two signers signed. After the change this signer alone is a quorum.
    function test_lowerThreshold_makesNoOldSignaturesAQuorum() external {
        rotateTo(signerKeys[0]);
        uint256 since = block.timestamp;
        ICreditTypes.SignerSignature[] memory one = onlyFirst(ofA);
        vm.expectRevert(
            abi.encodeWithSelector(ICheckpoints.CheckpointIsVoid.selector, a.asOf, since)
        );
        credits.submitCheckpoint(a, one);

        vm.expectRevert(abi.encodeWithSelector(ICheckpoints.TooFewSignatures.selector, 1, 2));
        court.proveEquivocation(a, one, b, ofB);
    }

    function test_asOfAtTheChange_belongsToTheNewSigners() external {
        rotateTo(NEXT_KEY);
        ICreditTypes.Row[] memory rows = table(row(payer, 100 * CREDIT, 0, 0));
        ICreditTypes.Checkpoint memory next = checkpointOf(rows);
        next.earned = 100 * CREDIT;
        next.asOf -= 1;
        ICreditTypes.SignerSignature[] memory signatures = signed(credits.hashCheckpoint(next));
        vm.expectRevert(
            abi.encodeWithSelector(
                ICheckpoints.CheckpointIsVoid.selector,
                next.asOf,
                block.timestamp
            )
        );
        credits.submitCheckpoint(next, signatures);
        next.asOf += 1;
        submit(next);
    }

    /// @dev The change voids unsubmitted checkpoints, so the new signers may sign the epoch again.
    function test_epochSignedAgainAfterAChange_isNoEquivocation() external {
        rotateTo(NEXT_KEY);
        b.asOf = uint64(block.timestamp);
        ICreditTypes.SignerSignature[] memory newOfB = signed(credits.hashCheckpoint(b));
        vm.expectRevert(IBond.NoEquivocation.selector);
        court.proveEquivocation(a, ofA, b, newOfB);
    }

    /// @dev A pending checkpoint stays valid, so another one of its epoch is equivocation of either
    ///      set.
    function test_epochOfThePendingCheckpointSignedAgain_isEquivocation() external {
        uint256 start = block.timestamp;
        address[] memory next = new address[](1);
        next[0] = vm.addr(NEXT_KEY);
        vm.prank(owner);
        credits.announceSigners(next, 1);
        vm.warp(start + SIGNER_DELAY);
        submit(a);
        credits.changeSigners(next, 1);
        same(credits.pendingCheckpoint().epoch, 1, "it stays pending");
        delete signerKeys;
        signerKeys.push(NEXT_KEY);
        b.asOf = uint64(block.timestamp);
        ICreditTypes.SignerSignature[] memory newOfB = signed(credits.hashCheckpoint(b));
        court.proveEquivocation(a, ofA, b, newOfB);
        same(court.bond(), 0, "slashed");
    }

    function test_asOfInTheFirstSecondOfFormerSigners_isProvable() external {
        rotateTo(NEXT_KEY);
        (a.asOf, b.asOf) = (uint64(block.timestamp), uint64(block.timestamp));
        ICreditTypes.SignerSignature[] memory newOfA = signed(credits.hashCheckpoint(a));
        ICreditTypes.SignerSignature[] memory newOfB = signed(credits.hashCheckpoint(b));
        rotateTo(0x52);
        court.proveEquivocation(a, newOfA, b, newOfB);
        same(court.bond(), 0, "slashed");
    }

    function test_receiptOfFormerSigners_afterTwoChanges_canBeClaimed() external {
        rotateTo(NEXT_KEY);
        IDisputes.EarningsReceipt memory receipt = IDisputes.EarningsReceipt(
            provider,
            150 * CREDIT,
            1
        );
        ICreditTypes.SignerSignature[] memory signatures = signed(
            court.hashEarningsReceipt(receipt)
        );
        rotateTo(0x52);
        submit(table(row(payer, 100 * CREDIT, 0, 0), row(provider, 0, 0, 100 * CREDIT)));
        vm.prank(stranger);
        court.challengeEarnings{value: STAKE}(receipt, signatures);
        same(court.challengeOf(provider, stranger).earned, 150 * CREDIT, "asked");
    }

    /// @dev A bond can be worth more than the largest int64 of micro-credits.
    function test_cover_isAtMostTheLargestInt64() external {
        dollar.mint(stranger, 4e17);
        vm.startPrank(stranger);
        dollar.approve(address(court), 4e17);
        court.depositBond(4e17);
        vm.stopPrank();
        court.proveEquivocation(a, ofA, b, ofB);
        same(credits.coveredMicros(), uint64(type(int64).max), "covered");
    }

    function test_signersBeforeTheFormerOnes_areNoQuorum() external {
        rotateTo(NEXT_KEY);
        rotateTo(0x52);
        vm.expectRevert(
            abi.encodeWithSelector(ICheckpoints.FormerSigners.selector, block.timestamp, 0)
        );
        court.proveEquivocation(a, ofA, b, ofB);
    }
}
