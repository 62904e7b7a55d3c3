// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IComputeCredits} from "../../contracts/interfaces/IComputeCredits.sol";
import {ICreditToken} from "../../contracts/interfaces/ICreditToken.sol";
import {IPurchases} from "../../contracts/interfaces/IPurchases.sol";
import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {ITerms} from "../../contracts/interfaces/ITerms.sol";
import {ProxiedDollar} from "../../contracts/mocks/ProxiedDollar.sol";
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

    /// @dev The parameter is wider than any amount.
    function test_amountsThatNoUint64Holds_revert() external {
        buy(payer, 5);
        uint104[3] memory amounts = [
            uint104(type(uint64).max),
            uint104(1) << 64,
            type(uint104).max
        ];
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IPurchases.TooManyCredits.selector,
                    uint256(amounts[i]) + 5,
                    uint256(uint64(type(int64).max))
                )
            );
            vm.prank(payer);
            credits.buy(payer, amounts[i]);
        }
        sameParty(payer, 5, 0, 0, 0);
    }

    /// @dev The total shares its slot with the pause flag, the freeze and the signers, and an
    ///      account's purchases share theirs with its other numbers. A purchase adds in place.
    function testFuzz_anyAmount_changesNoOtherBitOfBothSlots(uint64 amount) external {
        uint64 micros = uint64(between(amount, 1, uint64(type(int64).max) - 1_000 * CREDIT));
        dollar.mint(payer, 1e30);
        vm.prank(payer);
        credits.setRecipient(stranger);
        buy(payer, 1_000 * CREDIT);
        ICreditTypes.Row[] memory rows = table(row(payer, 3, 4, 3));
        finalize(rows);
        settle(rows, 0);

        bytes32 shared = slotWith(1_000 * CREDIT, 8);
        bytes32 record = recordSlot(payer);
        uint256 sharedBefore = uint256(vm.load(address(credits), shared));
        uint256 recordBefore = uint256(vm.load(address(credits), record));
        buy(payer, micros);
        uint256 sharedAfter = uint256(vm.load(address(credits), shared));
        same(sharedAfter, sharedBefore + (uint256(micros) << 8), "the total grew, nothing else");
        uint256 recordAfter = uint256(vm.load(address(credits), record));
        same(recordAfter, recordBefore + micros, "the account's purchases grew, nothing else");
        sameParty(payer, 1_000 * CREDIT + micros, 3, 4, 3);
        same(credits.recipientOf(payer), stranger, "recipient");
    }

    /// @dev As Circle's dollar does, and unlike OpenZeppelin's tokens.
    function test_fromAnUnlimitedAllowance_lowersIt() external {
        buy(payer, 100 * CREDIT);
        same(dollar.allowance(payer, address(credits)), type(uint256).max - 1e6, "written");
    }

    function test_withATokenWhoseBalanceCannotBeRead_reverts() external {
        vm.etch(address(dollar), hex"5f5ffd");
        vm.expectRevert(bytes(""));
        vm.prank(payer);
        credits.buy(payer, CREDIT);
        vm.etch(address(dollar), hex"5f5ff3");
        vm.expectRevert(bytes(""));
        vm.prank(payer);
        credits.buy(payer, CREDIT);
        // It fails with four bytes, which the vault passes on.
        vm.etch(address(dollar), hex"63aabbccdd60e01b5f5260045ffd");
        vm.expectRevert(bytes4(0xaabbccdd));
        vm.prank(payer);
        credits.buy(payer, CREDIT);
    }
}

/// @dev The dollar that gas is measured with.
contract ProxiedDollarTest is Fixture {
    function dollarArtifact() internal pure override returns (string memory) {
        return "ProxiedDollar.sol:ProxiedDollar";
    }

    function test_purchaseFromAnUnlimitedAllowance_lowersIt() external {
        buy(payer, 100 * CREDIT);
        same(dollar.allowance(payer, address(credits)), type(uint256).max - 1e6, "written");
        same(dollar.balanceOf(address(credits)), 1e6, "paid");
        same(dollar.balanceOf(payer), 1_000_000e6 - 1e6, "taken");
    }

    function test_purchaseWithoutAllowanceOrBalance_reverts() external {
        vm.prank(payer);
        dollar.approve(address(credits), 999_999);
        vm.expectRevert(
            abi.encodeWithSelector(ProxiedDollar.AllowanceTooLow.selector, 999_999, 1e6)
        );
        vm.prank(payer);
        credits.buy(payer, 100 * CREDIT);
        vm.prank(provider);
        dollar.approve(address(credits), type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(ProxiedDollar.BalanceTooLow.selector, 0, 1e6));
        vm.prank(provider);
        credits.buy(provider, 100 * CREDIT);
    }
}

/// @dev Prices in vaults whose tokens and rates are at the edges of what is allowed.
contract PriceTest is Fixture {
    uint8[4] internal decimals = [0, 6, 18, 36];
    uint64[4] internal rates = [1, 3, PRICE, type(uint64).max];
    address[4][4] internal vaults;
    address internal odd;
    uint64 internal rate;

    function terms() internal view override returns (ITerms.Terms memory chosen) {
        chosen = super.terms();
        if (odd != address(0)) (chosen.token, chosen.creditMicrosPerToken) = (odd, rate);
    }

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 4; ++i) {
            odd = create("OddTokens.sol:PlainToken", abi.encode(decimals[i]));
            for (uint256 j = 0; j < 4; ++j) {
                rate = rates[j];
                vaults[i][j] = create("ComputeCredits.sol:ComputeCredits", abi.encode(terms()));
            }
        }
    }

    /// @dev price · rate covers the credits' value, and price − 1 would not.
    function testFuzz_anyAmount_isRoundedUpByLessThanOneUnit(uint64 micros) external view {
        for (uint256 i = 0; i < 4; ++i) {
            for (uint256 j = 0; j < 4; ++j) {
                uint256 price = IComputeCredits(vaults[i][j]).priceOf(micros);
                uint256 value = uint256(micros) * 10 ** decimals[i];
                atMost(value, price * rates[j], "covers the value");
                if (price > 0) atMost((price - 1) * rates[j] + 1, value, "and no unit more");
            }
        }
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
