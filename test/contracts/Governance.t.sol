// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import {IBond} from "../../contracts/interfaces/IBond.sol";
import {ICheckpoints} from "../../contracts/interfaces/ICheckpoints.sol";
import {ICourtLink} from "../../contracts/interfaces/ICourtLink.sol";
import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {IGovernance} from "../../contracts/interfaces/IGovernance.sol";
import {ITerms} from "../../contracts/interfaces/ITerms.sol";
import {TestWallet} from "../../contracts/mocks/TestWallet.sol";
import {Fixture} from "./support/Fixture.sol";
import {Table} from "./support/Table.sol";

contract OwnerTest is Fixture {
    function onlyOwner(bytes memory call) private {
        vm.prank(stranger);
        (bool success, bytes memory reason) = address(credits).call(call);
        yes(!success, "refused");
        same(
            keccak256(reason),
            keccak256(
                abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger)
            ),
            "because it is not the owner"
        );
    }

    function test_otherCallers_revert() external {
        onlyOwner(abi.encodeCall(credits.pause, ()));
        onlyOwner(abi.encodeCall(credits.unpause, ()));
        onlyOwner(abi.encodeCall(credits.setFeeRecipient, (stranger)));
        onlyOwner(abi.encodeCall(credits.announceSigners, (signers(), 1)));
        onlyOwner(abi.encodeCall(credits.announceGuardian, (stranger)));
        onlyOwner(abi.encodeCall(credits.cancel, (bytes32(0))));
        onlyOwner(abi.encodeCall(credits.transferOwnership, (stranger)));
        vm.expectRevert(abi.encodeWithSelector(IBond.NotOwner.selector, stranger, owner));
        vm.prank(stranger);
        court.announceBondWithdrawal(stranger);
    }

    function test_ownership_isHandedOverInTwoSteps() external {
        vm.prank(owner);
        credits.transferOwnership(stranger);
        same(credits.owner(), owner, "not yet");
        same(credits.pendingOwner(), stranger, "pending");
        vm.prank(stranger);
        credits.acceptOwnership();
        same(credits.owner(), stranger, "now");
    }

    function test_owner_cannotUseThePowersOfTheCourt() external {
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(ICourtLink.NotCourt.selector, owner));
        credits.dropPending();
        vm.expectRevert(abi.encodeWithSelector(ICourtLink.NotCourt.selector, owner));
        credits.setFinalAt(0);
        vm.expectRevert(abi.encodeWithSelector(ICourtLink.NotCourt.selector, owner));
        credits.freezeWithCover(1);
    }
}

contract PauseTest is Fixture {
    function test_whilePaused_buyingReverts_andAllElseWorks() external {
        buy(payer, 1_000 * CREDIT);
        vm.prank(owner);
        credits.pause();
        vm.expectRevert(Pausable.EnforcedPause.selector);
        vm.prank(payer);
        credits.buy(payer, 1);

        ICreditTypes.Row[] memory rows = table(
            row(payer, 100 * CREDIT, 50 * CREDIT, 0),
            row(provider, 0, 0, 95 * CREDIT)
        );
        finalize(rows);
        same(settle(rows, 0), 500_000, "a refund");
        same(settle(rows, 1), 950_000, "earnings");
        same(credits.claimFees(), 50_000, "fees");
        vm.startPrank(payer);
        credits.requestRefund(1);
        credits.revokeAll();
        credits.setRecipient(stranger);
        vm.stopPrank();
        skip(REFUND + 1);
        credits.freeze(payer);
        same(credits.exit(rows[0], Table.proof(rows, 0)), 8_500_000, "an exit");
    }

    function test_afterUnpause_buyingWorks() external {
        vm.startPrank(owner);
        credits.pause();
        credits.unpause();
        vm.stopPrank();
        buy(payer, 1);
    }
}

contract SignerRotationTest is Fixture {
    address[] internal next;

    function setUp() public override {
        super.setUp();
        next.push(vm.addr(0x51));
        buy(payer, 1_000 * CREDIT);
    }

    function announce() internal returns (bytes32) {
        vm.prank(owner);
        credits.announceSigners(next, 1);
        return keccak256(abi.encode("signers", next, uint8(1)));
    }

    function test_afterItsDelay_takesEffect_andNotBefore() external {
        vm.expectEmit(address(credits));
        emit IGovernance.SignersAnnounced(
            keccak256(abi.encode("signers", next, uint8(1))),
            next,
            1,
            block.timestamp + SIGNER_DELAY
        );
        bytes32 change = announce();
        uint256 effectiveAt = block.timestamp + SIGNER_DELAY;
        same(credits.effectiveAt(change), effectiveAt, "effectiveAt");
        skip(SIGNER_DELAY - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernance.TooEarly.selector,
                change,
                effectiveAt - 1,
                effectiveAt
            )
        );
        credits.changeSigners(next, 1);
        skip(1);
        address[] memory old = signers();
        vm.expectEmit(address(credits));
        emit IGovernance.SignersChanged(next, 1);
        credits.changeSigners(next, 1);
        yes(credits.isSigner(next[0]), "the new signer signs");
        yes(!credits.isSigner(old[0]) && !credits.isSigner(old[1]), "the old signers do not");
        same(credits.threshold(), 1, "threshold");
        vm.expectRevert(abi.encodeWithSelector(IGovernance.NotAnnounced.selector, change));
        credits.changeSigners(next, 1);
    }

    /// @dev A refund that is requested at the announcement is paid or overdue before the new
    ///      signers can sign.
    function test_duringItsDelay_usersCanBeRefundedOrFreeze() external {
        announce();
        vm.prank(payer);
        credits.requestRefund(1_000 * CREDIT);
        skip(REFUND + 1);
        vm.expectRevert();
        credits.changeSigners(next, 1);
        credits.freeze(payer);
    }

    function test_toAnotherSet_reverts() external {
        announce();
        skip(SIGNER_DELAY);
        next[0] = stranger;
        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernance.NotAnnounced.selector,
                keccak256(abi.encode("signers", next, uint8(1)))
            )
        );
        credits.changeSigners(next, 1);
    }

    function test_afterACancellation_reverts() external {
        bytes32 change = announce();
        vm.expectEmit(address(credits));
        emit IGovernance.AnnouncementCancelled(change);
        vm.startPrank(owner);
        credits.cancel(change);
        vm.expectRevert(abi.encodeWithSelector(IGovernance.NotAnnounced.selector, change));
        credits.cancel(change);
        vm.stopPrank();
        skip(SIGNER_DELAY);
        vm.expectRevert(abi.encodeWithSelector(IGovernance.NotAnnounced.selector, change));
        credits.changeSigners(next, 1);
    }

    function test_toAnImpossibleSet_cannotBeAnnounced() external {
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSignature("ImpossibleThreshold(uint256,uint256)", 2, 1));
        credits.announceSigners(next, 2);
        next.push(next[0]);
        vm.expectRevert(
            abi.encodeWithSelector(ICheckpoints.SignersNotAscending.selector, next[0], next[0])
        );
        credits.announceSigners(next, 1);
    }
}

contract GuardianChangeTest is Fixture {
    function test_afterItsDelay_takesEffect() external {
        bytes32 change = keccak256(abi.encode("guardian", stranger));
        vm.expectEmit(address(credits));
        emit IGovernance.GuardianAnnounced(change, stranger, block.timestamp + SIGNER_DELAY);
        vm.prank(owner);
        credits.announceGuardian(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernance.TooEarly.selector,
                change,
                block.timestamp,
                block.timestamp + SIGNER_DELAY
            )
        );
        credits.changeGuardian(stranger);
        skip(SIGNER_DELAY);
        vm.expectEmit(address(credits));
        emit IGovernance.GuardianChanged(stranger);
        credits.changeGuardian(stranger);
        same(credits.guardian(), stranger, "guardian");
    }
}

contract FeeRecipientTest is Fixture {
    function test_afterAChange_receivesTheUnclaimedFees() external {
        buy(payer, 1_000 * CREDIT);
        finalize(table(row(payer, 100 * CREDIT, 0, 0), row(provider, 0, 0, 95 * CREDIT)));
        vm.expectEmit(address(credits));
        emit IGovernance.FeeRecipientChanged(otherProvider);
        vm.prank(owner);
        credits.setFeeRecipient(otherProvider);
        credits.claimFees();
        same(dollar.balanceOf(otherProvider), 50_000, "received");
    }

    function test_zeroAddress_reverts() external {
        vm.expectRevert(ITerms.ZeroAddress.selector);
        vm.prank(owner);
        credits.setFeeRecipient(address(0));
    }
}

contract WalletSignerTest is Fixture {
    TestWallet internal wallet;

    function terms() internal view override returns (ITerms.Terms memory chosen) {
        chosen = super.terms();
        chosen.signers = new address[](1);
        chosen.signers[0] = address(wallet);
        chosen.threshold = 1;
    }

    function setUp() public override {
        wallet = TestWallet(
            payable(create("TestWallet.sol:TestWallet", abi.encode(vm.addr(PAYER_KEY))))
        );
        super.setUp();
        buy(payer, 1_000 * CREDIT);
    }

    function walletSigned(
        ICreditTypes.Checkpoint memory checkpoint
    ) internal view returns (ICreditTypes.SignerSignature[] memory list) {
        list = new ICreditTypes.SignerSignature[](1);
        bytes memory signature = sign(PAYER_KEY, credits.hashCheckpoint(checkpoint));
        list[0] = ICreditTypes.SignerSignature(address(wallet), bytes.concat(signature, hex"01"));
    }

    function test_erc1271Wallet_signsCheckpoints() external {
        ICreditTypes.Checkpoint memory checkpoint = checkpointOf(table(row(payer, 0, 10, 0)));
        credits.submitCheckpoint(checkpoint, walletSigned(checkpoint));
        same(credits.pendingCheckpoint().epoch, 1, "pending");
    }

    function test_walletThatRevertsOrDisowns_hasNotSigned() external {
        ICreditTypes.Checkpoint memory checkpoint = checkpointOf(table(row(payer, 0, 10, 0)));
        ICreditTypes.SignerSignature[] memory signatures = walletSigned(checkpoint);
        bytes memory reason = abi.encodeWithSelector(
            ICheckpoints.InvalidSignature.selector,
            address(wallet)
        );
        wallet.setMood(TestWallet.Mood.Reverting);
        vm.expectRevert(reason);
        credits.submitCheckpoint(checkpoint, signatures);
        wallet.setMood(TestWallet.Mood.Disowning);
        vm.expectRevert(reason);
        credits.submitCheckpoint(checkpoint, signatures);
    }
}

contract BondTest is Fixture {
    ICreditTypes.Checkpoint internal a;
    ICreditTypes.Checkpoint internal b;

    function setUp() public override {
        super.setUp();
        buy(payer, 1_000 * CREDIT);
        a = checkpointOf(table(row(payer, 100 * CREDIT, 0, 0), row(provider, 0, 0, 100 * CREDIT)));
        b = checkpointOf(table(row(payer, 200 * CREDIT, 0, 0), row(provider, 0, 0, 200 * CREDIT)));
        dollar.mint(owner, 1_000e6);
        vm.startPrank(owner);
        dollar.approve(address(court), type(uint256).max);
        court.depositBond(5e6 + 1);
        vm.stopPrank();
    }

    function report() internal {
        ICreditTypes.SignerSignature[] memory forA = signed(credits.hashCheckpoint(a));
        ICreditTypes.SignerSignature[] memory forB = signed(credits.hashCheckpoint(b));
        vm.prank(stranger);
        court.proveEquivocation(a, forA, b, forB);
    }

    function reverts() internal {
        ICreditTypes.SignerSignature[] memory forA = signed(credits.hashCheckpoint(a));
        ICreditTypes.SignerSignature[] memory forB = signed(credits.hashCheckpoint(b));
        vm.expectRevert(IBond.NoEquivocation.selector);
        court.proveEquivocation(a, forA, b, forB);
    }

    function test_depositByAnyAccount_isAdded() external {
        vm.prank(payer);
        dollar.approve(address(court), 1e6);
        vm.expectEmit(address(court));
        emit IBond.BondDeposited(payer, 1e6, 6e6 + 1);
        vm.prank(payer);
        court.depositBond(1e6);
        same(court.bond(), 6e6 + 1, "bond");
    }

    function test_twoCheckpointsOfOneEpoch_slashIt_andFreezeTheVault() external {
        uint256 before = dollar.balanceOf(stranger);
        uint256 vaultBefore = dollar.balanceOf(address(credits));
        vm.expectEmit(address(court));
        emit IBond.Equivocated(1, stranger, 2_500_000, 2_500_001);
        report();
        same(dollar.balanceOf(stranger) - before, 2_500_000, "half goes to the reporter");
        same(dollar.balanceOf(address(credits)) - vaultBefore, 2_500_001, "the rest covers exits");
        same(credits.coveredMicros(), 250_000_100, "covered");
        same(credits.unspentPool(), 1_250_000_100, "on top of what is unspent");
        same(credits.frozenAt(), block.timestamp, "frozen");
        same(court.bond(), 0, "nothing left");
    }

    function test_restOfASlashedBond_coversExits() external {
        // 200 credits leave as earnings although the payer has spent none.
        submit(b);
        skip(DISPUTE);
        ICreditTypes.Row[] memory rows = table(
            row(payer, 200 * CREDIT, 0, 0),
            row(provider, 0, 0, 200 * CREDIT)
        );
        settle(rows, 1);
        report();
        skip(GRACE);
        same(credits.exitWithoutProof(payer), 10e6, "in full: 8 from the pool, 2 from the bond");
    }

    function test_inAFrozenVault_isSlashedToo() external {
        vm.prank(payer);
        credits.requestRefund(1);
        skip(REFUND + 1);
        credits.freeze(payer);
        uint40 frozenAt = credits.frozenAt();
        skip(1);
        report();
        same(credits.frozenAt(), frozenAt, "frozen as before");
        same(court.bond(), 0, "slashed");
    }

    function test_sameCheckpointTwice_reverts() external {
        b = a;
        reverts();
    }

    function test_checkpointsOfTwoEpochs_reverts() external {
        b.epoch = 2;
        reverts();
    }

    function test_checkpointsAroundADrop_reverts() external {
        submit(a);
        skip(1);
        vm.prank(guardian);
        credits.veto();
        b.asOf = uint64(block.timestamp + 1);
        reverts();
        ICreditTypes.Checkpoint memory first = a;
        a = b;
        b = first;
        reverts();
    }

    function test_withoutAQuorumForBoth_reverts() external {
        ICreditTypes.SignerSignature[] memory forA = signed(credits.hashCheckpoint(a));
        ICreditTypes.SignerSignature[] memory forB = signed(credits.hashCheckpoint(b));
        ICreditTypes.SignerSignature[] memory one = new ICreditTypes.SignerSignature[](1);
        one[0] = forB[0];
        vm.expectRevert(abi.encodeWithSelector(ICheckpoints.TooFewSignatures.selector, 1, 2));
        court.proveEquivocation(a, forA, b, one);
        one[0] = forA[0];
        vm.expectRevert(abi.encodeWithSelector(ICheckpoints.TooFewSignatures.selector, 1, 2));
        court.proveEquivocation(a, one, b, forB);
    }

    function test_afterItsDelay_isPaidOnceToTheAnnouncedRecipient() external {
        uint256 effectiveAt = block.timestamp + SIGNER_DELAY;
        vm.expectEmit(address(court));
        emit IBond.BondWithdrawalAnnounced(otherProvider, effectiveAt);
        vm.prank(owner);
        court.announceBondWithdrawal(otherProvider);
        same(court.bondWithdrawalAt(otherProvider), effectiveAt, "announced");
        vm.expectRevert(
            abi.encodeWithSelector(
                IBond.BondLocked.selector,
                otherProvider,
                block.timestamp,
                effectiveAt
            )
        );
        court.withdrawBond(otherProvider);
        skip(SIGNER_DELAY);
        vm.expectRevert(
            abi.encodeWithSelector(IBond.BondLocked.selector, stranger, effectiveAt, 0)
        );
        court.withdrawBond(stranger);
        vm.expectEmit(address(court));
        emit IBond.BondWithdrawn(otherProvider, 5e6 + 1);
        court.withdrawBond(otherProvider);
        same(dollar.balanceOf(otherProvider), 5e6 + 1, "received");
        same(court.bond(), 0, "nothing left");
        vm.expectRevert(
            abi.encodeWithSelector(IBond.BondLocked.selector, otherProvider, effectiveAt, 0)
        );
        court.withdrawBond(otherProvider);
    }
}
