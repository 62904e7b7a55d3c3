// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import {DepositAddress} from "../../../contracts/deposits/DepositAddress.sol";
import {IComputeCredits} from "../../../contracts/interfaces/IComputeCredits.sol";
import {IDepositAddresses} from "../../../contracts/interfaces/IDepositAddresses.sol";
import {IPurchases} from "../../../contracts/interfaces/IPurchases.sol";
import {ITerms} from "../../../contracts/interfaces/ITerms.sol";
import {TestWallet} from "../../../contracts/mocks/TestWallet.sol";
import {DepositFixture} from "../support/DepositFixture.sol";

contract DepositAddressOfTest is DepositFixture {
    function test_anAccount_hasAnAddressBeforeItHasCode() external {
        address where = addressOf(payer);
        same(where.code.length, 0, "no code yet");
        deposit(payer, 1e6);
        deposits.sweep(payer);
        same(where, addressOf(payer), "the same after the deployment");
        yes(where.code.length > 0, "code");
        same(DepositAddress(where).account(), payer, "the code names its account");
    }

    function testFuzz_twoAccounts_haveTwoAddresses(address a, address b) external view {
        vm.assume(a != b && a != address(0) && b != address(0));
        yes(addressOf(a) != addressOf(b), "apart");
    }

    /// @dev The address is a function of the factory and the account alone, by EIP-1014 and
    ///      EIP-1167. The SDK computes it without a chain.
    function testFuzz_anyAccount_hasTheAddressOfItsCreationCode(address account) external view {
        vm.assume(account != address(0));
        bytes memory code = abi.encodePacked(
            hex"6100413d81600a3d39f3363d3d373d3d3d363d73",
            deposits.implementation(),
            hex"5af43d82803e903d91602b57fd5bf3",
            account
        );
        bytes32 hash = keccak256(
            abi.encodePacked(bytes1(0xff), address(deposits), bytes32(0), keccak256(code))
        );
        same(addressOf(account), address(uint160(uint256(hash))), "CREATE2");
    }

    function test_twoVaults_haveTwoAddressesForAnAccount() external {
        yes(addressOf(payer) != createDeposits().depositAddressOf(payer), "apart");
    }

    function test_theZeroAddress_hasNone() external {
        vm.expectRevert(IDepositAddresses.ZeroDepositAccount.selector);
        deposits.depositAddressOf(address(0));
        vm.expectRevert(IDepositAddresses.ZeroDepositAccount.selector);
        deposits.sweep(address(0));
        address[] memory accounts = list(payer, address(0), payer);
        vm.expectRevert(IDepositAddresses.ZeroDepositAccount.selector);
        deposits.depositsOf(accounts);
    }

    function test_theFactory_namesItsVaultTokenAndCode() external view {
        same(deposits.vault(), address(credits), "vault");
        same(deposits.token(), address(dollar), "token");
        yes(deposits.implementation().code.length > 0, "implementation");
    }
}

contract SweepTest is DepositFixture {
    function test_arrivedTokens_becomeTheAccountsCredits() external {
        deposit(payer, 3e6);
        address where = addressOf(payer);
        vm.expectEmit(address(credits));
        emit IPurchases.CreditsPurchased(payer, where, 300 * CREDIT, 3e6);
        vm.prank(stranger);
        same(deposits.sweep(payer), 300 * CREDIT, "returns the credits");
        sameParty(payer, 300 * CREDIT, 0, 0, 0);
        sameParty(stranger, 0, 0, 0, 0);
        same(dollar.balanceOf(where), 0, "all of it");
        same(dollar.balanceOf(address(credits)), 3e6, "in the vault");
        same(dollar.allowance(where, address(credits)), 0, "no approval is left");
        same(dollar.balanceOf(address(deposits)), 0, "the factory holds nothing");
    }

    function test_aSecondDeposit_isSweptByTheSameCode() external {
        deposit(payer, 1e6);
        deposits.sweep(payer);
        deposit(payer, 2e6);
        same(deposits.sweep(payer), 200 * CREDIT, "the second");
        sameParty(payer, 300 * CREDIT, 0, 0, 0);
    }

    function test_depositsBeforeASweep_addUp() external {
        deposit(payer, 1);
        deposit(payer, 2);
        same(deposits.sweep(payer), 300, "both");
    }

    function test_anEmptyAddress_hasNothingToSweep_andGetsNoCode() external {
        vm.expectRevert(
            abi.encodeWithSelector(IDepositAddresses.NothingToSweep.selector, payer, 0, 1)
        );
        deposits.sweep(payer);
        same(addressOf(payer).code.length, 0, "no code");
    }

    /// @dev Whoever sweeps first: the account has the same credits.
    function test_afterAStrangersSweep_theNextFindsNothing() external {
        deposit(payer, 1e6);
        vm.prank(stranger);
        deposits.sweep(payer);
        vm.expectRevert(
            abi.encodeWithSelector(IDepositAddresses.NothingToSweep.selector, payer, 0, 1)
        );
        deposits.sweep(payer);
        sameParty(payer, 100 * CREDIT, 0, 0, 0);
    }

    function test_whileTheVaultIsPaused_reverts_andWaits() external {
        deposit(payer, 1e6);
        vm.prank(owner);
        credits.pause();
        vm.expectRevert(Pausable.EnforcedPause.selector);
        deposits.sweep(payer);
        same(dollar.balanceOf(addressOf(payer)), 1e6, "still there");
        vm.prank(owner);
        credits.unpause();
        same(deposits.sweep(payer), 100 * CREDIT, "later");
    }

    function test_afterAFreeze_reverts_forGood() external {
        buy(payer, CREDIT);
        vm.prank(payer);
        credits.requestRefund(CREDIT);
        deposit(payer, 1e6);
        skip(REFUND + 1);
        credits.freeze(payer);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        deposits.sweep(payer);
    }

    function test_moreThanTheVaultMaySell_reverts_andTheAccountTakesItBack() external {
        uint256 most = uint64(type(int64).max);
        dollar.mint(stranger, 1e30);
        deposit(payer, 1e30);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPurchases.TooManyCredits.selector,
                uint256(type(uint64).max),
                most
            )
        );
        deposits.sweep(payer);
        vm.prank(payer);
        deposits.withdraw(address(dollar), payer, 1e30);
        same(dollar.balanceOf(payer), 1e30 + 1_000_000e6, "taken back");
    }

    /// @dev Not a number of tokens makes the view or the sweep overflow.
    function test_anyBalance_isShown() external {
        dollar.mint(addressOf(payer), type(uint256).max - dollar.totalSupply());
        same(depositOf(payer).creditMicros, type(uint64).max, "as many as there can be");
        vm.expectRevert(
            abi.encodeWithSelector(
                IPurchases.TooManyCredits.selector,
                uint256(type(uint64).max),
                uint256(uint64(type(int64).max))
            )
        );
        deposits.sweep(payer);
    }

    function test_contractsAsAccounts_areCreditedToo() external {
        TestWallet wallet = TestWallet(
            payable(create("TestWallet.sol:TestWallet", abi.encode(payer)))
        );
        wallet.setMood(TestWallet.Mood.Reverting);
        deposit(address(wallet), 1e6);
        deposits.sweep(address(wallet));
        sameParty(address(wallet), 100 * CREDIT, 0, 0, 0);
    }

    function testFuzz_anyDeposits_areCreditedExactly(uint64 first, uint64 second) external {
        uint256 a = between(first, 1, 500_000e6);
        uint256 b = between(second, 1, 500_000e6);
        deposit(payer, a);
        same(deposits.sweep(payer), a * 100, "100 micro-credits for a base unit");
        deposit(payer, b);
        deposits.sweep(payer);
        sameParty(payer, uint64((a + b) * 100), 0, 0, 0);
    }
}

/// @dev A price at which a base unit buys no micro-credit: 299,999 micro-credits for a dollar.
contract DepositDustTest is DepositFixture {
    function terms() internal view override returns (ITerms.Terms memory chosen) {
        chosen = super.terms();
        chosen.creditMicrosPerToken = 299_999;
    }

    function test_dust_staysUntilItBuysAMicroCredit() external {
        for (uint256 i = 1; i < 4; ++i) {
            deposit(payer, 1);
            vm.expectRevert(
                abi.encodeWithSelector(IDepositAddresses.NothingToSweep.selector, payer, i, 4)
            );
            deposits.sweep(payer);
            same(depositOf(payer).creditMicros, 0, "shown as nothing yet");
        }
        deposit(payer, 1);
        same(deposits.sweep(payer), 1, "four buy one");
        same(dollar.balanceOf(addressOf(payer)), 0, "nothing is left");
    }

    /// @dev The price is paid exactly, and what is left buys nothing.
    function testFuzz_anyDeposit_leavesLessThanAMicroCredit(uint64 amount) external {
        uint256 tokenAmount = between(amount, 4, 1_000_000e6);
        deposit(payer, tokenAmount);
        uint64 creditMicros = deposits.sweep(payer);
        uint256 rest = dollar.balanceOf(addressOf(payer));
        same(rest, tokenAmount - credits.priceOf(creditMicros), "the exact price");
        atMost(rest, credits.priceOf(1) - 1, "less than a micro-credit");
        same(depositOf(payer).creditMicros, 0, "nothing more to sweep");
        yes(credits.priceOf(creditMicros + 1) > tokenAmount, "no more could be bought");
    }

    /// @dev Sweeping each coin alone costs the account less than one micro-credit a sweep.
    function testFuzz_sweepsInParts_loseLessThanAMicroCreditEach(uint64[4] memory parts) external {
        uint256 sum = 0;
        uint256 bought = 0;
        for (uint256 i = 0; i < 4; ++i) {
            uint256 part = between(parts[i], 4, 100_000e6);
            sum += part;
            deposit(payer, part);
            bought += deposits.sweep(payer);
        }
        deposit(otherPayer, sum);
        atMost(bought, deposits.sweep(otherPayer), "never more than at once");
        atMost((sum * 299_999) / 1e6, bought + 4, "less than one for each sweep");
    }
}

/// @dev Several base units buy one micro-credit, and several micro-credits one base unit, in vaults
///      at the edges of what is allowed.
contract DepositPriceTest is DepositFixture {
    uint8[4] internal decimals = [0, 6, 18, 36];
    uint64[4] internal rates = [1, 3, PRICE, type(uint64).max];
    address internal odd;
    uint64 internal rate;

    function terms() internal view override returns (ITerms.Terms memory chosen) {
        chosen = super.terms();
        if (odd != address(0)) (chosen.token, chosen.creditMicrosPerToken) = (odd, rate);
    }

    function testFuzz_inAnyVault_aSweepPaysForItselfExactly(uint256 seed, uint104 amount) external {
        odd = create("OddTokens.sol:PlainToken", abi.encode(decimals[seed % 4]));
        rate = rates[(seed >> 8) % 4];
        credits = IComputeCredits(create("ComputeCredits.sol:ComputeCredits", abi.encode(terms())));
        deposits = createDeposits();
        address where = addressOf(payer);
        mint(where, amount);
        uint64 shown = depositOf(payer).creditMicros;
        uint256 exact = (uint256(amount) * rate) / 10 ** decimals[seed % 4];
        if (exact > uint64(type(int64).max)) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IPurchases.TooManyCredits.selector,
                    shown,
                    uint256(uint64(type(int64).max))
                )
            );
            deposits.sweep(payer);
        } else if (exact == 0) {
            uint256 needed = credits.priceOf(1);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IDepositAddresses.NothingToSweep.selector,
                    payer,
                    amount,
                    needed
                )
            );
            deposits.sweep(payer);
        } else {
            same(shown, exact, "shown");
            same(deposits.sweep(payer), exact, "swept");
            same(IERC20(odd).balanceOf(where), amount - credits.priceOf(uint64(exact)), "rest");
            same(depositOf(payer).creditMicros, 0, "no more");
        }
    }

    function mint(address to, uint256 amount) private {
        (bool minted, ) = odd.call(abi.encodeWithSignature("mint(address,uint256)", to, amount));
        yes(minted, "minted");
    }
}

contract SweepManyTest is DepositFixture {
    function test_severalAccounts_areSwept_andOneThatFailsIsSkipped() external {
        deposit(payer, 1e6);
        deposit(provider, 2e6);
        vm.expectEmit(address(deposits));
        emit IDepositAddresses.SweepSkipped(otherPayer);
        deposits.sweepMany(list(payer, otherPayer, provider));
        sameParty(payer, 100 * CREDIT, 0, 0, 0);
        sameParty(otherPayer, 0, 0, 0, 0);
        sameParty(provider, 200 * CREDIT, 0, 0, 0);
        same(addressOf(otherPayer).code.length, 0, "nothing was deployed for nothing");
    }

    function test_anAccountNamedTwice_isSweptOnce() external {
        deposit(payer, 1e6);
        deposits.sweepMany(list(payer, payer, address(0)));
        sameParty(payer, 100 * CREDIT, 0, 0, 0);
    }

    function test_anAddressOnTheTokensBlacklist_doesNotStopTheOthers() external {
        deposit(payer, 1e6);
        deposit(otherPayer, 1e6);
        dollar.setBlacklisted(addressOf(payer), true);
        deposits.sweepMany(list(payer, otherPayer, payer));
        sameParty(payer, 0, 0, 0, 0);
        sameParty(otherPayer, 100 * CREDIT, 0, 0, 0);
        dollar.setBlacklisted(addressOf(payer), false);
        same(deposits.sweep(payer), 100 * CREDIT, "later");
    }

    function test_withTooLittleGas_leavesTheRestWhereItIs() external {
        deposit(payer, 1e6);
        deposit(otherPayer, 1e6);
        try deposits.sweepMany{gas: 200_000}(list(payer, otherPayer, provider)) {} catch {}
        sameParty(otherPayer, 0, 0, 0, 0);
        same(dollar.balanceOf(addressOf(otherPayer)), 1e6, "still there");
    }

    function test_whileTheVaultIsPaused_skipsAll() external {
        deposit(payer, 1e6);
        vm.prank(owner);
        credits.pause();
        deposits.sweepMany(list(payer, payer, payer));
        same(dollar.balanceOf(addressOf(payer)), 1e6, "still there");
    }
}

contract WithdrawDepositTest is DepositFixture {
    function test_theAccount_takesTokensOut_alsoBeforeASweep() external {
        deposit(payer, 3e6);
        vm.expectEmit(address(deposits));
        emit IDepositAddresses.DepositWithdrawn(payer, address(dollar), provider, 1e6);
        vm.prank(payer);
        deposits.withdraw(address(dollar), provider, 1e6);
        same(dollar.balanceOf(provider), 1e6, "arrived");
        same(deposits.sweep(payer), 200 * CREDIT, "the rest is swept");
    }

    function test_nobodyElse_takesAnythingOut() external {
        deposit(payer, 1e6);
        vm.expectRevert();
        vm.prank(stranger);
        deposits.withdraw(address(dollar), stranger, 1);
        vm.expectRevert();
        vm.prank(owner);
        deposits.withdraw(address(dollar), owner, 1);
        same(dollar.balanceOf(addressOf(payer)), 1e6, "all there");
    }

    function test_theCode_obeysItsFactoryOnly() external {
        deposit(payer, 2e6);
        vm.prank(payer);
        deposits.withdraw(address(dollar), payer, 1e6);
        address[2] memory targets = [addressOf(payer), deposits.implementation()];
        address[3] memory callers = [payer, stranger, address(credits)];
        for (uint256 i = 0; i < 2; ++i) {
            DepositAddress target = DepositAddress(targets[i]);
            for (uint256 j = 0; j < 3; ++j) {
                bytes memory refusal = abi.encodeWithSelector(
                    DepositAddress.NotFactory.selector,
                    callers[j]
                );
                vm.startPrank(callers[j]);
                vm.expectRevert(refusal);
                target.buy(1, 1);
                vm.expectRevert(refusal);
                target.send(IERC20(address(dollar)), callers[j], 1);
                vm.expectRevert(refusal);
                target.sendNative(payable(callers[j]), 0);
                vm.stopPrank();
            }
        }
    }

    function test_whileTheVaultIsFrozen_theAccountTakesAllOut() external {
        buy(payer, CREDIT);
        vm.prank(payer);
        credits.requestRefund(CREDIT);
        deposit(otherPayer, 1e6);
        skip(REFUND + 1);
        credits.freeze(payer);
        vm.prank(otherPayer);
        deposits.withdraw(address(dollar), otherPayer, 1e6);
        same(dollar.balanceOf(otherPayer), 1_000_001e6, "back");
    }

    function test_anotherToken_isTheAccountsToTake() external {
        address plain = create("OddTokens.sol:PlainToken", abi.encode(uint8(18)));
        (bool minted, ) = plain.call(
            abi.encodeWithSignature("mint(address,uint256)", addressOf(payer), 5e18)
        );
        yes(minted, "minted");
        vm.expectRevert(
            abi.encodeWithSelector(IDepositAddresses.NothingToSweep.selector, payer, 0, 1)
        );
        deposits.sweep(payer);
        vm.prank(payer);
        deposits.withdraw(plain, payer, 5e18);
        same(IERC20(plain).balanceOf(payer), 5e18, "out");
    }

    function test_coinSentBeforeTheCode_isTheAccountsToTake() external {
        address where = addressOf(payer);
        vm.deal(where, 2 ether);
        vm.expectEmit(address(deposits));
        emit IDepositAddresses.DepositWithdrawn(payer, address(0), stranger, 1 ether);
        vm.prank(payer);
        deposits.withdrawNative(payable(stranger), 1 ether);
        same(stranger.balance, 101 ether, "out");
        same(where.balance, 1 ether, "the rest");
        vm.expectRevert();
        vm.prank(otherPayer);
        deposits.withdrawNative(payable(otherPayer), 1 ether);
    }

    function test_coinSentToTheCode_isRefused() external {
        deposit(payer, 1e6);
        deposits.sweep(payer);
        vm.prank(stranger);
        (bool taken, ) = addressOf(payer).call{value: 1 ether}("");
        yes(!taken, "refused");
    }

    function test_moreThanThereIs_reverts() external {
        deposit(payer, 1e6);
        vm.expectRevert();
        vm.prank(payer);
        deposits.withdraw(address(dollar), payer, 1e6 + 1);
        vm.expectRevert();
        vm.prank(payer);
        deposits.withdrawNative(payable(payer), 1);
        // An address without code is no token.
        vm.expectRevert();
        vm.prank(payer);
        deposits.withdraw(address(0xDEAD), payer, 0);
    }
}
