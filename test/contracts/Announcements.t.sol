// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBond} from "../../contracts/interfaces/IBond.sol";
import {IGovernance} from "../../contracts/interfaces/IGovernance.sol";
import {Fixture} from "./support/Fixture.sol";

/// @dev What is announced may be carried out after its delay, for as long again: not at a moment's notice years later.
contract AnnouncementsTest is Fixture {
    function test_aChangeOfSigners_mayBeCarriedOutUntilItExpires() external {
        address[] memory next = new address[](1);
        next[0] = stranger;
        bytes32 change = keccak256(abi.encode("signers", next, uint8(1)));
        vm.prank(owner);
        credits.announceSigners(next, 1);
        uint256 expiry = block.timestamp + 2 * SIGNER_DELAY;

        vm.warp(expiry + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IGovernance.AnnouncementExpired.selector, change, expiry + 1, expiry)
        );
        credits.changeSigners(next, 1);
        yes(!credits.isSigner(stranger), "the old signers stay");

        vm.warp(expiry);
        credits.changeSigners(next, 1);
        yes(credits.isSigner(stranger), "the last moment counts");
    }

    function test_aWithdrawalOfTheBond_mayBeTakenUntilItExpires() external {
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
            abi.encodeWithSelector(IBond.BondWithdrawalExpired.selector, otherProvider, expiry + 1, expiry)
        );
        court.withdrawBond(otherProvider);
        same(court.bond(), 100e6, "it stays");

        vm.warp(expiry);
        court.withdrawBond(otherProvider);
        same(court.bond(), 0, "the last moment counts");
    }
}
