// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {IDisputes} from "../../contracts/interfaces/IDisputes.sol";
import {ITerms} from "../../contracts/interfaces/ITerms.sol";
import {
    FalseToken,
    FeeToken,
    HookToken,
    PlainToken,
    RebasingToken
} from "../../contracts/mocks/OddTokens.sol";
import {Fixture} from "./support/Fixture.sol";
import {Table} from "./support/Table.sol";

/// @dev Known failures of other protocols, one test each. OwedTest has batches and blacklists,
///      PauseTest the pause, and BuyWithAuthorizationTest a nonce that a partial payment used up.
contract FailuresOfOtherProtocolsTest is Fixture {
    function setUp() public override {
        super.setUp();
        buy(payer, 1_000 * CREDIT);
    }

    function test_oneBadRow_doesNotRevertTheBatch() external {
        ICreditTypes.Row[] memory rows = table(
            row(payer, 100 * CREDIT, 0, 0),
            row(provider, 0, 0, 100 * CREDIT)
        );
        finalize(rows);
        bytes32[][] memory proofs = new bytes32[][](2);
        proofs[1] = Table.proof(rows, 1);
        credits.settleMany(rows, 1, proofs);
        sameParty(payer, 1_000 * CREDIT, 0, 0, 0);
        sameParty(provider, 0, 0, 0, 100 * CREDIT);
    }

    function test_blacklistedPayer_trapsNoTokens() external {
        ICreditTypes.Row[] memory rows = table(
            row(payer, 100 * CREDIT, 900 * CREDIT, 0),
            row(provider, 0, 0, 100 * CREDIT)
        );
        dollar.setBlacklisted(payer, true);
        finalize(rows);
        settle(rows, 0);
        same(settle(rows, 1), 1e6, "the provider is paid");
        vm.prank(payer);
        same(credits.withdrawOwed(otherPayer), 9e6, "the payer is paid to another address");
    }

    function test_unusedCap_cannotDrainALaterPurchase() external {
        IDisputes.Allowance memory allowance;
        allowance.account = payer;
        allowance.accountCap = 1_000 * CREDIT;
        court.recordCap(allowance, sign(PAYER_KEY, court.hashAllowance(allowance)));

        vm.prank(payer);
        credits.requestRefund(1_000 * CREDIT);
        ICreditTypes.Row[] memory rows = table(row(payer, 0, 1_000 * CREDIT, 0));
        finalize(rows);
        settle(rows, 0);
        skip(COUNTER_GRACE);
        buy(payer, 1_000 * CREDIT);

        rows = table(
            row(payer, 1_000 * CREDIT, 1_000 * CREDIT, 0),
            row(provider, 0, 0, 1_000 * CREDIT)
        );
        submit(rows);
        bytes32[] memory proof = Table.proof(rows, 0);
        court.challengeRow{value: STAKE}(rows[0], proof);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.CounterEnded.selector, payer, uint64(0)));
        court.answer(address(this), rows[0], proof, 0);
        skip(ANSWER + 1);
        court.dropUnanswered(payer, address(this));
        same(credits.balanceOf(payer), 1_000 * CREDIT, "untouched");
    }

    /// @dev No term has a setter. The owner's immediate powers change no term.
    function test_ownersChanges_leaveAllTerms() external {
        finalize(table(row(payer, 100 * CREDIT, 0, 0), row(provider, 0, 0, 95 * CREDIT)));
        vm.startPrank(owner);
        credits.pause();
        credits.setFeeRecipient(stranger);
        vm.stopPrank();
        same(credits.priceOf(100 * CREDIT), 1e6, "price");
        same(credits.maxFeeBps(), 500, "fee");
        same(credits.refundWindowSeconds(), REFUND, "refund window");
    }

    function test_rowAboveTheTotal_cannotDrainThePool() external {
        buy(otherPayer, 1_000 * CREDIT);
        ICreditTypes.Row[] memory rows = table(
            row(payer, 100 * CREDIT, 0, 0),
            row(provider, 0, 0, 1_500 * CREDIT)
        );
        ICreditTypes.Checkpoint memory checkpoint = checkpointOf(rows);
        checkpoint.earned = 100 * CREDIT;
        submit(checkpoint);
        skip(DISPUTE);
        same(settle(rows, 1), 1e6, "the total earnings, and not the row's");
        same(dollar.balanceOf(address(credits)), 19e6, "unspent credits stay backed");
    }
}

/// @dev Unusual tokens are refused or do no harm.
contract OddTokensTest is Fixture {
    address internal odd;

    function terms() internal view override returns (ITerms.Terms memory chosen) {
        chosen = super.terms();
        if (odd != address(0)) chosen.token = odd;
    }

    function use(string memory artifact, bytes memory arguments) internal {
        odd = create(artifact, arguments);
        super.setUp();
        PlainToken(odd).mint(payer, 1e30);
        vm.prank(payer);
        // A low-level call, because the approval of one token returns nothing.
        (bool success, ) = odd.call(
            abi.encodeWithSignature("approve(address,uint256)", credits, type(uint256).max)
        );
        yes(success, "approved");
    }

    function test_feeOnTransfer_reverts() external {
        use("OddTokens.sol:FeeToken", "");
        vm.expectRevert(abi.encodeWithSelector(ITerms.TokenAmountMismatch.selector, 990_000, 1e6));
        vm.prank(payer);
        credits.buy(payer, 100 * CREDIT);
        FeeToken(odd).mint(address(this), 1e6);
        FeeToken(odd).approve(address(court), 1e6);
        vm.expectRevert(abi.encodeWithSelector(ITerms.TokenAmountMismatch.selector, 990_000, 1e6));
        court.depositBond(1e6);
    }

    function test_transferWithoutReturnValue_works() external {
        use("OddTokens.sol:SilentToken", "");
        roundTrip(1e6);
    }

    function test_transferReturningFalse_revertsBuying_andDefersPayouts() external {
        use("OddTokens.sol:FalseToken", "");
        FalseToken(odd).setRefusing(true);
        vm.expectRevert(abi.encodeWithSignature("SafeERC20FailedOperation(address)", odd));
        vm.prank(payer);
        credits.buy(payer, 100 * CREDIT);
        FalseToken(odd).setRefusing(false);
        buy(payer, 100 * CREDIT);
        ICreditTypes.Row[] memory rows = table(row(payer, 0, 50 * CREDIT, 0));
        finalize(rows);
        FalseToken(odd).setRefusing(true);
        settle(rows, 0);
        same(credits.owedTo(payer), 500_000, "owed");
    }

    function test_eightDecimals_work() external {
        use("OddTokens.sol:PlainToken", abi.encode(uint8(8)));
        roundTrip(1e8);
    }

    function test_eighteenDecimals_work() external {
        use("OddTokens.sol:PlainToken", abi.encode(uint8(18)));
        roundTrip(1e18);
    }

    function test_zeroDecimals_roundUpToWholeTokens() external {
        use("OddTokens.sol:PlainToken", abi.encode(uint8(0)));
        same(credits.priceOf(1), 1, "one token");
        same(credits.priceOf(100 * CREDIT + 1), 2, "two");
        roundTrip(1);
    }

    function test_above36Decimals_reverts() external {
        odd = create("OddTokens.sol:PlainToken", abi.encode(uint8(37)));
        vm.expectRevert(
            abi.encodeWithSelector(ITerms.UnsupportedDecimals.selector, uint8(37), uint8(36))
        );
        this.deploy();
        odd = create("OddTokens.sol:PlainToken", abi.encode(uint8(36)));
        this.deploy();
    }

    function deploy() external {
        create("ComputeCredits.sol:ComputeCredits", abi.encode(terms()));
    }

    /// @dev The token doubles all balances. A refund still pays the price of its credits.
    function test_rebase_changesNoCredits() external {
        use("OddTokens.sol:RebasingToken", "");
        buy(payer, 100 * CREDIT);
        ICreditTypes.Row[] memory rows = table(row(payer, 0, 100 * CREDIT, 0));
        finalize(rows);
        RebasingToken(odd).setPercent(200);
        same(settle(rows, 0), 1e6, "the price, not twice the price");
    }

    function test_reentrantCalls_revert() external {
        use("OddTokens.sol:HookToken", "");
        ICreditTypes.Row[] memory rows = table(row(payer, 0, 50 * CREDIT, 0));
        buy(payer, 100 * CREDIT);
        finalize(rows);
        HookToken token = HookToken(odd);
        token.mint(address(token), 1e30);
        vm.prank(address(token));
        token.approve(address(credits), type(uint256).max);

        reenter(abi.encodeCall(credits.buy, (payer, CREDIT)));
        reenter(abi.encodeCall(credits.settle, (rows[0], 1, Table.proof(rows, 0))));
        reenter(abi.encodeCall(credits.claimFees, ()));
        reenter(abi.encodeCall(credits.withdrawOwed, (stranger)));
        reenter(abi.encodeCall(credits.exit, (rows[0], Table.proof(rows, 0))));
        reenter(abi.encodeCall(credits.exitWithoutProof, (payer)));
        sameParty(payer, 106 * CREDIT, 0, 0, 0);
        same(token.balanceOf(address(credits)), 1_060_000, "the vault has what its credits cost");
    }

    /// @dev A deposit within a deposit would count the tokens of the inner one twice.
    function test_reentrantBondDeposit_reverts() external {
        use("OddTokens.sol:HookToken", "");
        HookToken token = HookToken(odd);
        vm.prank(payer);
        token.approve(address(court), type(uint256).max);
        token.hook(address(court), abi.encodeCall(court.depositBond, (0)));
        vm.prank(payer);
        court.depositBond(1e6);
        yes(!token.succeeded(), "the inner deposit failed");
        same(court.bond(), 1e6, "bond");
    }

    function reenter(bytes memory call) private {
        HookToken token = HookToken(odd);
        token.hook(address(credits), call);
        buy(payer, CREDIT);
        yes(!token.succeeded(), "the inner call failed");
        same(
            bytes32(bytes4(token.result())),
            bytes32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector),
            "because it was reentrant"
        );
    }

    function roundTrip(uint256 unit) private {
        buy(payer, 100 * CREDIT);
        same(PlainToken(odd).balanceOf(address(credits)), unit, "cost");
        ICreditTypes.Row[] memory rows = table(row(payer, 0, 100 * CREDIT, 0));
        finalize(rows);
        same(settle(rows, 0), unit, "refunded");
        same(PlainToken(odd).balanceOf(address(credits)), 0, "nothing left");
    }
}
