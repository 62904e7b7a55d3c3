// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IDepositAddresses} from "../../../contracts/interfaces/IDepositAddresses.sol";
import {ITerms} from "../../../contracts/interfaces/ITerms.sol";
import {FalseToken, HookToken, RebasingToken} from "../../../contracts/mocks/OddTokens.sol";
import {ResetFirstToken} from "../../../contracts/mocks/ResetFirstToken.sol";
import {TestWallet} from "../../../contracts/mocks/TestWallet.sol";
import {DepositFixture} from "../support/DepositFixture.sol";

/// @dev A vault whose token does what tokens should not, with 10 of them at a deposit address.
abstract contract OddDepositFixture is DepositFixture {
    function artifact() internal pure virtual returns (string memory);

    function dollarArtifact() internal pure override returns (string memory) {
        return artifact();
    }

    function setUp() public virtual override {
        super.setUp();
        dollar.mint(addressOf(payer), 10e6);
    }

    function held() internal view returns (uint256) {
        return dollar.balanceOf(addressOf(payer));
    }
}

contract FeeTokenDepositTest is OddDepositFixture {
    function artifact() internal pure override returns (string memory) {
        return "OddTokens.sol:FeeToken";
    }

    function test_aTokenThatTakesAFee_isNotSwept_andTheAccountTakesItOut() external {
        vm.expectRevert(
            abi.encodeWithSelector(ITerms.TokenAmountMismatch.selector, 9_900_000, 10e6)
        );
        deposits.sweep(payer);
        deposits.sweepMany(list(payer, payer, payer));
        same(held(), 10e6, "still there");
        sameParty(payer, 0, 0, 0, 0);
        vm.prank(payer);
        deposits.withdraw(address(dollar), provider, 10e6);
        same(dollar.balanceOf(provider), 9_900_000, "less the token's fee");
    }
}

contract FalseTokenDepositTest is OddDepositFixture {
    function artifact() internal pure override returns (string memory) {
        return "OddTokens.sol:FalseToken";
    }

    function test_aTokenThatAnswersFalse_movesNothing_andCreditsNothing() external {
        FalseToken(address(dollar)).setRefusing(true);
        vm.expectRevert();
        deposits.sweep(payer);
        vm.expectRevert();
        vm.prank(payer);
        deposits.withdraw(address(dollar), payer, 10e6);
        sameParty(payer, 0, 0, 0, 0);
        same(held(), 10e6, "still there");
        FalseToken(address(dollar)).setRefusing(false);
        same(deposits.sweep(payer), 1_000 * CREDIT, "later");
    }
}

contract SilentTokenDepositTest is OddDepositFixture {
    function artifact() internal pure override returns (string memory) {
        return "OddTokens.sol:SilentToken";
    }

    /// @dev `approve` answers nothing, which the fixture's typed call does not take.
    function fund(address account) internal override {
        dollar.mint(account, 1_000_000e6);
    }

    function test_aTokenThatAnswersNothing_isSweptAndWithdrawn() external {
        same(deposits.sweep(payer), 1_000 * CREDIT, "swept");
        dollar.mint(addressOf(payer), 1e6);
        vm.prank(payer);
        deposits.withdraw(address(dollar), provider, 1e6);
        same(dollar.balanceOf(provider), 1e6, "withdrawn");
    }
}

contract ResetFirstTokenDepositTest is OddDepositFixture {
    function artifact() internal pure override returns (string memory) {
        return "ResetFirstToken.sol:ResetFirstToken";
    }

    function fund(address account) internal override {
        dollar.mint(account, 1_000_000e6);
    }

    function test_aTokenWhoseApprovalMustBeResetFirst_isSweptAgainAndAgain() external {
        same(deposits.sweep(payer), 1_000 * CREDIT, "swept");
        dollar.mint(addressOf(payer), 1e6);
        same(deposits.sweep(payer), 100 * CREDIT, "again");
        same(
            ResetFirstToken(address(dollar)).allowance(addressOf(payer), address(credits)),
            0,
            "no approval is left"
        );
    }
}

contract RebasingTokenDepositTest is OddDepositFixture {
    function artifact() internal pure override returns (string memory) {
        return "OddTokens.sol:RebasingToken";
    }

    function test_aBalanceThatShrank_buysWhatIsLeft_orNothing() external {
        RebasingToken(address(dollar)).setPercent(50);
        same(depositOf(payer).creditMicros, 500 * CREDIT, "half");
        // Half of what it says arrives: the vault refuses.
        vm.expectRevert(
            abi.encodeWithSelector(ITerms.TokenAmountMismatch.selector, 2_500_000, 5e6)
        );
        deposits.sweep(payer);
    }
}

contract HookTokenDepositTest is OddDepositFixture {
    TestWallet private _wallet;

    function artifact() internal pure override returns (string memory) {
        return "OddTokens.sol:HookToken";
    }

    function hook(bytes memory call) private {
        HookToken(address(dollar)).hook(address(deposits), call);
    }

    function refused() private view {
        HookToken token = HookToken(address(dollar));
        yes(!token.succeeded(), "the inner call failed");
        bytes4 reason = bytes4(token.result());
        yes(
            reason == ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector,
            "by the guard"
        );
    }

    function test_aSweepWithinASweep_isRefused() external {
        hook(abi.encodeCall(IDepositAddresses.sweep, (payer)));
        same(deposits.sweep(payer), 1_000 * CREDIT, "the outer one counts once");
        refused();
        sameParty(payer, 1_000 * CREDIT, 0, 0, 0);
    }

    function test_aWithdrawalWithinASweep_isRefused() external {
        hook(abi.encodeCall(IDepositAddresses.withdraw, (address(dollar), stranger, 1)));
        deposits.sweep(payer);
        refused();
    }

    function test_aNativeWithdrawalWithinAWithdrawal_isRefused() external {
        hook(abi.encodeCall(IDepositAddresses.withdrawNative, (payable(stranger), 0)));
        vm.prank(payer);
        deposits.withdraw(address(dollar), payer, 10e6);
        refused();
    }

    function test_sweepManyWithinASweep_skipsAll() external {
        hook(abi.encodeCall(IDepositAddresses.sweepMany, (list(payer, payer, payer))));
        same(deposits.sweep(payer), 1_000 * CREDIT, "once");
        sameParty(payer, 1_000 * CREDIT, 0, 0, 0);
    }

    /// @dev The account's own contract calls back while its deposit is swept.
    function test_theAccountItself_cannotWithdrawWhatIsBeingSwept() external {
        _wallet = TestWallet(payable(create("TestWallet.sol:TestWallet", abi.encode(payer))));
        dollar.mint(addressOf(address(_wallet)), 1e6);
        HookToken(address(dollar)).hook(
            address(_wallet),
            abi.encodeCall(
                TestWallet.run,
                (
                    address(deposits),
                    0,
                    abi.encodeCall(
                        IDepositAddresses.withdraw,
                        (address(dollar), address(_wallet), 1e6)
                    )
                )
            )
        );
        deposits.sweep(address(_wallet));
        yes(!HookToken(address(dollar)).succeeded(), "refused");
        sameParty(address(_wallet), 100 * CREDIT, 0, 0, 0);
    }
}
