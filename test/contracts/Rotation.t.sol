// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICheckpoints} from "../../contracts/interfaces/ICheckpoints.sol";
import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {IDisputes} from "../../contracts/interfaces/IDisputes.sol";
import {Fixture} from "./support/Fixture.sol";
import {Table} from "./support/Table.sol";

/// @dev Two signers, both needed, are replaced by others or by one of them. After the change the
///      former ones can neither freeze the vault nor drop a checkpoint. `a` and `b` are two
///      checkpoints of the first epoch that the first signers signed.
abstract contract RotationFixture is Fixture {
    uint256 internal constant NEXT_KEY = 0x51;

    ICreditTypes.Checkpoint internal a;
    ICreditTypes.Checkpoint internal b;
    ICreditTypes.SignerSignature[] internal ofA;
    ICreditTypes.SignerSignature[] internal ofB;

    function setUp() public virtual override {
        super.setUp();
        buy(payer, 1_000 * CREDIT);
        a = checkpointOf(honest(100 * CREDIT));
        b = checkpointOf(honest(200 * CREDIT));
        keep(ofA, signed(credits.hashCheckpoint(a)));
        keep(ofB, signed(credits.hashCheckpoint(b)));
        vm.startPrank(stranger);
        dollar.approve(address(court), 10e6);
        court.depositBond(10e6);
        vm.stopPrank();
    }

    function honest(uint64 spent) internal view returns (ICreditTypes.Row[] memory) {
        return table(row(payer, spent, 0, 0), row(provider, 0, 0, spent));
    }

    function keep(
        ICreditTypes.SignerSignature[] storage list,
        ICreditTypes.SignerSignature[] memory signatures
    ) private {
        for (uint256 i = 0; i < signatures.length; ++i) list.push(signatures[i]);
    }

    function one(uint256 key) internal pure returns (address[] memory next) {
        next = new address[](1);
        next[0] = vm.addr(key);
    }

    function announce(uint256 key) internal {
        vm.prank(owner);
        credits.announceSigners(one(key), 1);
    }

    function change(uint256 key) internal {
        credits.changeSigners(one(key), 1);
        delete signerKeys;
        signerKeys.push(key);
    }

    function rotateTo(uint256 key) internal {
        announce(key);
        skip(SIGNER_DELAY);
        change(key);
    }

    function onlyFirst(
        ICreditTypes.SignerSignature[] memory signatures
    ) internal pure returns (ICreditTypes.SignerSignature[] memory first) {
        first = new ICreditTypes.SignerSignature[](1);
        first[0] = signatures[0];
    }

    function formerSigners(uint64 asOf) internal view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                ICheckpoints.FormerSigners.selector,
                asOf,
                uint256(credits.signersSince())
            );
    }

    function unknown(address signer) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ICheckpoints.UnknownSigner.selector, signer);
    }
}

contract RotationTest is RotationFixture {
    function test_pairOfOutgoingSigners_upToTheChange_isEquivocation() external {
        announce(NEXT_KEY);
        skip(SIGNER_DELAY);
        court.proveEquivocation(a, ofA, b, ofB);
        same(court.bond(), 0, "slashed");
        same(credits.frozenAt(), block.timestamp, "frozen");
    }

    function test_pairOfFormerSigners_fromTheChangeOn_reverts() external {
        rotateTo(NEXT_KEY);
        vm.expectRevert(formerSigners(a.asOf));
        court.proveEquivocation(a, ofA, b, ofB);
        skip(SIGNER_DELAY);
        vm.expectRevert(formerSigners(a.asOf));
        court.proveEquivocation(a, ofA, b, ofB);
    }

    /// @dev A thief of old keys can date a table as it likes, and gains nothing.
    function test_pairOfFormerSigners_withAnyAsOf_reverts() external {
        uint256[] memory former = signerKeys;
        rotateTo(NEXT_KEY);
        skip(60);
        signerKeys = former;
        for (uint64 i = 0; i < 3; ++i) {
            a.asOf = credits.signersSince() - 1 + i;
            b.asOf = a.asOf;
            ICreditTypes.SignerSignature[] memory newOfA = signed(credits.hashCheckpoint(a));
            ICreditTypes.SignerSignature[] memory newOfB = signed(credits.hashCheckpoint(b));
            vm.expectRevert(i < 2 ? formerSigners(a.asOf) : unknown(newOfA[0].signer));
            court.proveEquivocation(a, newOfA, b, newOfB);
        }
    }

    function test_pairOfPresentSigners_datedAfterTheChange_isEquivocation() external {
        rotateTo(NEXT_KEY);
        skip(1);
        (a.asOf, b.asOf) = (uint64(block.timestamp), uint64(block.timestamp));
        ICreditTypes.SignerSignature[] memory newOfA = signed(credits.hashCheckpoint(a));
        ICreditTypes.SignerSignature[] memory newOfB = signed(credits.hashCheckpoint(b));
        court.proveEquivocation(a, newOfA, b, newOfB);
        same(court.bond(), 0, "slashed");
    }

    /// @dev One `asOf` before the change and one after it: the change had the epoch signed again.
    function test_pairAroundAChange_reverts_evenOfASignerThatStayed() external {
        uint256 stayed = signerKeys[0];
        rotateTo(stayed);
        skip(1);
        b.asOf = uint64(block.timestamp);
        ICreditTypes.SignerSignature[] memory newOfB = signed(credits.hashCheckpoint(b));
        ICreditTypes.SignerSignature[] memory ofAByOne = onlyFirst(ofA);
        vm.expectRevert(formerSigners(a.asOf));
        court.proveEquivocation(a, ofAByOne, b, newOfB);
        vm.expectRevert(formerSigners(a.asOf));
        court.proveEquivocation(b, newOfB, a, ofAByOne);
    }

    /// @dev One of two signers signed. After the change this signer alone is a quorum.
    function test_lowerThreshold_makesNoOldSignaturesAQuorum() external {
        rotateTo(signerKeys[0]);
        uint256 since = timeNow();
        ICreditTypes.SignerSignature[] memory ofAByOne = onlyFirst(ofA);
        ICreditTypes.SignerSignature[] memory ofBByOne = onlyFirst(ofB);
        vm.expectRevert(
            abi.encodeWithSelector(ICheckpoints.CheckpointIsVoid.selector, a.asOf, since)
        );
        credits.submitCheckpoint(a, ofAByOne);
        vm.expectRevert(formerSigners(a.asOf));
        court.proveEquivocation(a, ofAByOne, b, ofBByOne);
    }

    function test_formerSigners_forALaterAsOf_areNoQuorum() external {
        rotateTo(NEXT_KEY);
        skip(1);
        a.asOf = uint64(block.timestamp);
        _sortedKeys(2);
        ICreditTypes.SignerSignature[] memory late = signed(credits.hashCheckpoint(a));
        vm.expectRevert(unknown(late[0].signer));
        credits.submitCheckpoint(a, late);
    }

    function test_asOfAtTheChange_isVoid() external {
        rotateTo(NEXT_KEY);
        uint256 since = timeNow();
        skip(1);
        ICreditTypes.Checkpoint memory next = checkpointOf(honest(100 * CREDIT));
        next.asOf = uint64(since);
        ICreditTypes.SignerSignature[] memory signatures = signed(credits.hashCheckpoint(next));
        vm.expectRevert(
            abi.encodeWithSelector(ICheckpoints.CheckpointIsVoid.selector, next.asOf, since)
        );
        credits.submitCheckpoint(next, signatures);
        next.asOf += 1;
        submit(next);
    }

    /// @dev The pending checkpoint stays valid. Another one of its epoch, by the new signers, can
    ///      do no harm: it cannot be submitted while this one is pending, nor after it is final,
    ///      and is void if this one is dropped later.
    function test_secondCheckpointOfThePendingEpoch_byNewSigners_isHarmless() external {
        announce(NEXT_KEY);
        skip(SIGNER_DELAY);
        a.asOf = uint64(block.timestamp);
        submit(a);
        ICreditTypes.SignerSignature[] memory byFormer = signed(credits.hashCheckpoint(a));
        change(NEXT_KEY);
        same(credits.pendingCheckpoint().epoch, 1, "it stays pending");
        skip(1);
        b.asOf = uint64(block.timestamp);
        ICreditTypes.SignerSignature[] memory newOfB = signed(credits.hashCheckpoint(b));
        vm.expectRevert(formerSigners(a.asOf));
        court.proveEquivocation(a, byFormer, b, newOfB);
        uint64 finalAt = credits.pendingCheckpoint().finalAt;
        vm.expectRevert(
            abi.encodeWithSelector(ICheckpoints.CheckpointPending.selector, uint64(1), finalAt)
        );
        credits.submitCheckpoint(b, newOfB);
        skip(1);
        vm.prank(guardian);
        credits.veto();
        vm.expectRevert(
            abi.encodeWithSelector(ICheckpoints.CheckpointIsVoid.selector, b.asOf, block.timestamp)
        );
        credits.submitCheckpoint(b, newOfB);
    }

    /// @dev Signers that come back answer for what they sign in their second term only.
    function test_signersThatComeBack_doNotAnswerForTheirFirstTerm() external {
        rotateTo(NEXT_KEY);
        ICreditTypes.Checkpoint memory first = a;
        ICreditTypes.Checkpoint memory second = b;
        (first.asOf, second.asOf) = (uint64(block.timestamp + 1), uint64(block.timestamp + 1));
        ICreditTypes.SignerSignature[] memory ofFirst = signed(credits.hashCheckpoint(first));
        ICreditTypes.SignerSignature[] memory ofSecond = signed(credits.hashCheckpoint(second));
        rotateTo(0x52);
        vm.expectRevert(formerSigners(first.asOf));
        court.proveEquivocation(first, ofFirst, second, ofSecond);
        rotateTo(NEXT_KEY);
        vm.expectRevert(formerSigners(first.asOf));
        court.proveEquivocation(first, ofFirst, second, ofSecond);
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
        same(court.coverOwed(), 0, "all of it arrived");
    }
}

/// @dev In the final table the provider has earned 100. Its newest receipt promises 150 from the
///      second epoch on.
contract ReceiptsOfFormerSignersTest is RotationFixture {
    IDisputes.EarningsReceipt internal receipt;
    ICreditTypes.SignerSignature[] internal ofReceipt;

    function setUp() public override {
        super.setUp();
        finalize(honest(100 * CREDIT));
        receipt = IDisputes.EarningsReceipt(provider, 150 * CREDIT, 2);
        signReceipt();
    }

    function signReceipt() private {
        delete ofReceipt;
        ICreditTypes.SignerSignature[] memory list = signed(court.hashEarningsReceipt(receipt));
        for (uint256 i = 0; i < list.length; ++i) ofReceipt.push(list[i]);
    }

    function challengeRegistered() private {
        vm.prank(stranger);
        court.challengeRegisteredEarnings{value: STAKE}(provider);
    }

    function challengeRegisteredReverts(bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(stranger);
        court.challengeRegisteredEarnings{value: STAKE}(provider);
    }

    function noReceipt() private view returns (bytes memory) {
        return abi.encodeWithSelector(IDisputes.NoRegisteredReceipt.selector, provider);
    }

    function test_unregistered_fromTheChangeOn_dropsNothing() external {
        submit(honest(100 * CREDIT));
        announce(NEXT_KEY);
        skip(SIGNER_DELAY);
        submit(honest(120 * CREDIT));
        change(NEXT_KEY);
        bytes memory reason = unknown(ofReceipt[0].signer);
        vm.expectRevert(reason);
        vm.prank(stranger);
        court.challengeEarnings{value: STAKE}(receipt, ofReceipt);
        vm.expectRevert(reason);
        court.registerReceipt(receipt, ofReceipt);
        challengeRegisteredReverts(noReceipt());
    }

    function test_registeredBeforeTheChange_countsAfterIt_forTwoDelays() external {
        announce(NEXT_KEY);
        skip(SIGNER_DELAY);
        uint40 until = uint40(block.timestamp + 2 * SIGNER_DELAY);
        vm.expectEmit(address(court));
        emit IDisputes.ReceiptRegistered(provider, 150 * CREDIT, 2, until);
        court.registerReceipt(receipt, ofReceipt);
        IDisputes.RegisteredReceipt memory known = court.registeredReceiptOf(provider);
        same(known.earned, 150 * CREDIT, "earned");
        same(known.epoch, 2, "epoch");
        same(known.until, until, "until");
        change(NEXT_KEY);
        vm.warp(until);
        submit(honest(149 * CREDIT));
        challengeRegistered();
        same(court.challengeOf(provider, stranger).earned, 150 * CREDIT, "asked");
        vm.warp(until + 1);
        vm.deal(otherPayer, 1 ether);
        vm.expectRevert(noReceipt());
        vm.prank(otherPayer);
        court.challengeRegisteredEarnings{value: STAKE}(provider);
    }

    /// @dev The most that a provider loses by a change of signers is what it earned after the
    ///      receipt that it registered; without one, after the last final table.
    function test_lossOfAProvider_isWhatItEarnedAfterTheRegisteredReceipt() external {
        court.registerReceipt(receipt, ofReceipt);
        receipt.earned = 180 * CREDIT;
        signReceipt();
        rotateTo(NEXT_KEY);
        skip(1);
        submit(honest(150 * CREDIT - 1));
        challengeRegistered();
        skip(ANSWER + 1);
        court.dropUnanswered(provider, stranger);
        same(credits.finalCheckpoint().earned, 100 * CREDIT, "less than registered is dropped");
        skip(1);

        ICreditTypes.Row[] memory rows = honest(150 * CREDIT);
        submit(rows);
        challengeRegistered();
        court.answer(stranger, rows[1], Table.proof(rows, 1), 0);
        skip(DISPUTE);
        same(credits.finalCheckpoint().earned, 150 * CREDIT, "30 of 180 are lost");
    }

    function test_challengeOpenedBeforeTheChange_mustBeAnswered() external {
        announce(NEXT_KEY);
        skip(SIGNER_DELAY);
        submit(honest(120 * CREDIT));
        vm.prank(stranger);
        court.challengeEarnings{value: STAKE}(receipt, ofReceipt);
        change(NEXT_KEY);
        skip(ANSWER + 1);
        court.dropUnanswered(provider, stranger);
        same(credits.pendingCheckpoint().epoch, 0, "dropped");
    }

    /// @dev The announced signers can sign in advance, so a provider is never without a receipt.
    function test_renewedByNewSigners_evenBeforeTheChange_counts() external {
        announce(NEXT_KEY);
        bytes32 digest = court.hashEarningsReceipt(receipt);
        ICreditTypes.SignerSignature[] memory renewed = new ICreditTypes.SignerSignature[](1);
        renewed[0] = ICreditTypes.SignerSignature(vm.addr(NEXT_KEY), sign(NEXT_KEY, digest));
        vm.expectRevert(abi.encodeWithSelector(ICheckpoints.TooFewSignatures.selector, 1, 2));
        court.registerReceipt(receipt, renewed);
        skip(SIGNER_DELAY);
        change(NEXT_KEY);
        skip(1);
        submit(honest(120 * CREDIT));
        vm.prank(stranger);
        court.challengeEarnings{value: STAKE}(receipt, renewed);
        same(court.challengeOf(provider, stranger).earned, 150 * CREDIT, "asked");
    }

    /// @dev A receipt bears no time. Signers that come back answer for it again, as they could sign
    ///      it today.
    function test_ofSignersThatComeBack_counts() external {
        rotateTo(NEXT_KEY);
        signReceipt();
        rotateTo(0x52);
        skip(1);
        submit(honest(120 * CREDIT));
        bytes memory reason = unknown(vm.addr(NEXT_KEY));
        vm.expectRevert(reason);
        vm.prank(stranger);
        court.challengeEarnings{value: STAKE}(receipt, ofReceipt);
        skip(DISPUTE);
        rotateTo(NEXT_KEY);
        skip(1);
        submit(honest(120 * CREDIT));
        vm.prank(stranger);
        court.challengeEarnings{value: STAKE}(receipt, ofReceipt);
        same(court.challengeOf(provider, stranger).earned, 150 * CREDIT, "asked");
    }

    function test_registered_keepsTheHighest() external {
        court.registerReceipt(receipt, ofReceipt);
        receipt.earned -= 1;
        signReceipt();
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputes.HigherReceiptRegistered.selector,
                provider,
                150 * CREDIT
            )
        );
        court.registerReceipt(receipt, ofReceipt);

        receipt.earned += 2;
        receipt.epoch = 3;
        signReceipt();
        court.registerReceipt(receipt, ofReceipt);
        same(court.registeredReceiptOf(provider).earned, 150 * CREDIT + 1, "the higher one");
        same(court.registeredReceiptOf(provider).epoch, 3, "with its epoch");
    }

    function test_registeredAgain_countsFromThen() external {
        court.registerReceipt(receipt, ofReceipt);
        skip(SIGNER_DELAY);
        court.registerReceipt(receipt, ofReceipt);
        same(
            court.registeredReceiptOf(provider).until,
            block.timestamp + 2 * SIGNER_DELAY,
            "until"
        );
    }

    function test_expired_makesRoomForALowerOne() external {
        court.registerReceipt(receipt, ofReceipt);
        receipt.earned = 120 * CREDIT;
        signReceipt();
        skip(2 * SIGNER_DELAY);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputes.HigherReceiptRegistered.selector,
                provider,
                150 * CREDIT
            )
        );
        court.registerReceipt(receipt, ofReceipt);
        skip(1);
        court.registerReceipt(receipt, ofReceipt);
        same(court.registeredReceiptOf(provider).earned, 120 * CREDIT, "earned");
    }

    /// @dev A promise for a far epoch must not take the place of one that is due.
    function test_registeringForALaterEpochThanTheNextTwo_reverts() external {
        receipt.epoch = 4;
        signReceipt();
        vm.expectRevert(
            abi.encodeWithSelector(IDisputes.ReceiptNotDue.selector, uint64(4), uint64(3))
        );
        court.registerReceipt(receipt, ofReceipt);
        receipt.epoch = 3;
        signReceipt();
        court.registerReceipt(receipt, ofReceipt);
        skip(1);
        submit(honest(120 * CREDIT));
        challengeRegisteredReverts(
            abi.encodeWithSelector(IDisputes.ReceiptNotDue.selector, uint64(3), uint64(2))
        );
    }

    function test_registeringWithTooFewSignatures_reverts() external {
        ICreditTypes.SignerSignature[] memory first = onlyFirst(ofReceipt);
        vm.expectRevert(abi.encodeWithSelector(ICheckpoints.TooFewSignatures.selector, 1, 2));
        court.registerReceipt(receipt, first);
        receipt.earned += 1;
        vm.expectRevert(
            abi.encodeWithSelector(ICheckpoints.InvalidSignature.selector, ofReceipt[0].signer)
        );
        court.registerReceipt(receipt, ofReceipt);
    }

    function test_challengeWithoutAPendingCheckpoint_reverts() external {
        court.registerReceipt(receipt, ofReceipt);
        challengeRegisteredReverts(
            abi.encodeWithSelector(ICreditTypes.NoPendingCheckpoint.selector)
        );
    }

    /// @dev Any order of registering keeps the highest promise that counts.
    function testFuzz_registeredEarnings_neverFallWhileTheyCount(
        uint64[6] memory earned,
        uint32[6] memory pauses
    ) external {
        uint64 highest = 0;
        uint256 until = 0;
        for (uint256 i = 0; i < earned.length; ++i) {
            skip(between(pauses[i], 0, 3 * SIGNER_DELAY));
            receipt.earned = earned[i];
            signReceipt();
            if (earned[i] >= highest || block.timestamp > until) {
                court.registerReceipt(receipt, ofReceipt);
                (highest, until) = (earned[i], block.timestamp + 2 * SIGNER_DELAY);
            } else {
                vm.expectRevert(
                    abi.encodeWithSelector(
                        IDisputes.HigherReceiptRegistered.selector,
                        provider,
                        highest
                    )
                );
                court.registerReceipt(receipt, ofReceipt);
            }
            same(court.registeredReceiptOf(provider).earned, highest, "highest");
            same(court.registeredReceiptOf(provider).until, until, "until");
        }
    }
}
