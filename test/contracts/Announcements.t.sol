// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBond} from "../../contracts/interfaces/IBond.sol";
import {IGovernance} from "../../contracts/interfaces/IGovernance.sol";
import {Fixture} from "./support/Fixture.sol";

/// @dev An announced change can be carried out after its delay and for as long again. Then it
///      expires.
contract AnnouncementsTest is Fixture {
    function test_changeOfSigners_untilItExpires_canBeCarriedOut() external {
        address[] memory next = new address[](1);
        next[0] = stranger;
        bytes32 change = keccak256(abi.encode("signers", next, uint8(1)));
        vm.prank(owner);
        credits.announceSigners(next, 1);
        uint256 expiry = block.timestamp + 2 * SIGNER_DELAY;

        vm.warp(expiry + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernance.AnnouncementExpired.selector,
                change,
                expiry + 1,
                expiry
            )
        );
        credits.changeSigners(next, 1);
        yes(!credits.isSigner(stranger), "the old signers stay");

        vm.warp(expiry);
        credits.changeSigners(next, 1);
        yes(credits.isSigner(stranger), "in the last second");
    }

    function test_withdrawalOfTheBond_untilItExpires_canBeTaken() external {
        fund(stranger);
        vm.startPrank(stranger);
        dollar.approve(address(court), 100e6);
        court.depositBond(100e6);
        vm.stopPrank();
        vm.prank(owner);
        court.announceBondWithdrawal(otherProvider);
        uint256 expiry = block.timestamp + 2 * SIGNER_DELAY;

        vm.warp(expiry + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IBond.BondWithdrawalExpired.selector,
                otherProvider,
                expiry + 1,
                expiry
            )
        );
        court.withdrawBond(otherProvider);
        same(court.bond(), 100e6, "the bond stays");

        vm.warp(expiry);
        court.withdrawBond(otherProvider);
        same(court.bond(), 0, "in the last second");
    }

    function test_secondAnnouncementOfSigners_replacesTheFirst() external {
        address[] memory first = new address[](1);
        address[] memory second = new address[](1);
        (first[0], second[0]) = (stranger, otherProvider);
        vm.startPrank(owner);
        credits.announceSigners(first, 1);
        bytes32 replaced = keccak256(abi.encode("signers", first, uint8(1)));
        vm.expectEmit(address(credits));
        emit IGovernance.AnnouncementCancelled(replaced);
        credits.announceSigners(second, 1);
        vm.stopPrank();
        same(credits.effectiveAt(replaced), 0, "cancelled");

        skip(SIGNER_DELAY);
        vm.expectRevert(abi.encodeWithSelector(IGovernance.NotAnnounced.selector, replaced));
        credits.changeSigners(first, 1);
        credits.changeSigners(second, 1);
        yes(credits.isSigner(otherProvider), "the second announcement counts");
    }

    function test_secondAnnouncementOfAGuardian_replacesTheFirst_andKeepsSigners() external {
        address[] memory next = new address[](1);
        next[0] = stranger;
        vm.startPrank(owner);
        credits.announceSigners(next, 1);
        credits.announceGuardian(stranger);
        credits.announceGuardian(otherProvider);
        vm.stopPrank();
        skip(SIGNER_DELAY);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernance.NotAnnounced.selector,
                keccak256(abi.encode("guardian", stranger))
            )
        );
        credits.changeGuardian(stranger);
        credits.changeGuardian(otherProvider);
        credits.changeSigners(next, 1);
        same(credits.guardian(), otherProvider, "the second announcement counts");
    }

    function test_firstAnnouncement_cancelsNothing() external {
        vm.recordLogs();
        vm.prank(owner);
        credits.announceGuardian(stranger);
        same(vm.getRecordedLogs().length, 1, "one event: the announcement");
    }

    function test_sameAnnouncementAgain_restartsItsDelay() external {
        vm.startPrank(owner);
        credits.announceGuardian(stranger);
        skip(SIGNER_DELAY);
        credits.announceGuardian(stranger);
        vm.stopPrank();
        bytes32 change = keccak256(abi.encode("guardian", stranger));
        same(credits.effectiveAt(change), block.timestamp + SIGNER_DELAY, "from now");
        skip(SIGNER_DELAY);
        credits.changeGuardian(stranger);
    }

    function test_secondAnnouncementOfAWithdrawal_replacesTheFirst() external {
        vm.startPrank(owner);
        court.announceBondWithdrawal(stranger);
        court.announceBondWithdrawal(otherProvider);
        vm.stopPrank();
        same(court.bondWithdrawalAt(stranger), 0, "cancelled");
        skip(SIGNER_DELAY);
        vm.expectRevert(
            abi.encodeWithSelector(IBond.BondLocked.selector, stranger, block.timestamp, 0)
        );
        court.withdrawBond(stranger);
        court.withdrawBond(otherProvider);
    }
}
