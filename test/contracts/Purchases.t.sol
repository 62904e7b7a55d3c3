// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ICreditToken} from "../../contracts/interfaces/ICreditToken.sol";
import {IPurchases} from "../../contracts/interfaces/IPurchases.sol";
import {ITerms} from "../../contracts/interfaces/ITerms.sol";
import {Fixture} from "./support/Fixture.sol";

contract BuyTest is Fixture {
    function test_anyAmount_costsThePriceRoundedUp() external view {
        same(credits.priceOf(1), 1, "one micro-credit costs one base unit");
        same(credits.priceOf(100), 1, "100 micro-credits fill one base unit");
        same(credits.priceOf(101), 2, "the fraction above is rounded up");
        same(credits.priceOf(100 * CREDIT), 1e6, "100 credits cost a dollar");
    }

    function test_anyAmount_movesTokensAndCredits_andEmitsBoth() external {
        vm.expectEmit(address(credits));
        emit IERC20.Transfer(address(0), payer, 150);
        vm.expectEmit(address(credits));
        emit IPurchases.CreditsPurchased(payer, payer, 150, 2);
        vm.prank(payer);
        same(credits.buy(payer, 150), 2, "returns the price");

        same(dollar.balanceOf(address(credits)), 2, "the vault has the tokens");
        same(dollar.balanceOf(payer), 1_000_000e6 - 2, "the payer has paid");
        sameParty(payer, 150, 0, 0, 0);
        same(credits.balanceOf(payer), 150, "balance");
        same(credits.totalSupply(), 150, "supply");
    }

    function test_asAGift_creditsTheAccountAndChargesThePayer() external {
        vm.expectEmit(address(credits));
        emit IPurchases.CreditsPurchased(stranger, payer, CREDIT, 10_000);
        vm.prank(payer);
        credits.buy(stranger, CREDIT);
        sameParty(stranger, CREDIT, 0, 0, 0);
        sameParty(payer, 0, 0, 0, 0);
    }

    function test_twice_addsUp() external {
        buy(payer, 100);
        buy(payer, 200);
        sameParty(payer, 300, 0, 0, 0);
        same(credits.totalSupply(), 300, "supply");
    }

    function test_ofZeroCredits_reverts() external {
        vm.expectRevert(ITerms.ZeroAmount.selector);
        credits.buy(payer, 0);
    }

    function test_forTheZeroAddress_reverts() external {
        vm.expectRevert(ITerms.ZeroAddress.selector);
        credits.buy(address(0), 1);
    }

    function test_aboveTheLargestInt64_reverts() external {
        uint64 most = uint64(type(int64).max);
        dollar.mint(payer, 1e30);
        buy(payer, most - 1);
        buy(stranger, 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPurchases.TooManyCredits.selector,
                uint256(most) + 1,
                uint256(most)
            )
        );
        vm.prank(payer);
        credits.buy(payer, 1);
    }
}

contract CreditTokenTest is Fixture {
    function test_metadata_isReadable() external view {
        same(keccak256(bytes(credits.name())), keccak256("Compute Credits"), "name");
        same(keccak256(bytes(credits.symbol())), keccak256("CREDIT"), "symbol");
        same(credits.decimals(), 6, "decimals");
        same(credits.allowance(payer, stranger), 0, "allowance");
    }

    function test_anyTransferOrApproval_reverts() external {
        buy(payer, CREDIT);
        vm.startPrank(payer);
        vm.expectRevert(ICreditToken.CreditsAreNonTransferable.selector);
        credits.transfer(stranger, 1);
        vm.expectRevert(ICreditToken.CreditsAreNonTransferable.selector);
        credits.transferFrom(payer, stranger, 1);
        vm.expectRevert(ICreditToken.CreditsAreNonTransferable.selector);
        credits.approve(stranger, 1);
    }
}
