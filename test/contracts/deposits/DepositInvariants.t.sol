// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITerms} from "../../../contracts/interfaces/ITerms.sol";
import {DepositFixture} from "../support/DepositFixture.sol";
import {Depositors} from "../support/Depositors.sol";

/// @dev The deposits' invariant I8 (docs/invariants.md) after any sequence of actions.
abstract contract DepositInvariantFixture is DepositFixture {
    Depositors internal actors;

    function setUp() public override {
        super.setUp();
        actors = new Depositors(credits, deposits, dollar, owner);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    /// @dev What arrived is still there, or became the account's credits at the vault's price, or
    ///      went where the account said.
    function invariant_I8_nothingIsDiverted() external view {
        for (uint256 i = 0; i < actors.PARTIES(); ++i) {
            same(
                dollar.balanceOf(actors.addressOf(i)) + actors.spent(i) + actors.withdrawn(i),
                actors.arrived(i),
                "tokens"
            );
            same(
                actors.addressOf(i).balance + actors.coinOut(i),
                actors.coinIn(i),
                "the chain's own coin"
            );
        }
    }

    function invariant_I8_creditsAreThoseOfTheSweeps() external view {
        for (uint256 i = 0; i < actors.PARTIES(); ++i) {
            (uint64 purchased, , , ) = credits.party(actors.parties(i));
            same(purchased, actors.credited(i), "credits");
            (purchased, , , ) = credits.party(actors.addressOf(i));
            same(purchased, 0, "a deposit address has no credits itself");
        }
    }

    function invariant_noApprovalAndNoTokenIsLeftBehind() external view {
        for (uint256 i = 0; i < actors.PARTIES(); ++i) {
            same(dollar.allowance(actors.addressOf(i), address(credits)), 0, "approval");
        }
        same(dollar.balanceOf(address(deposits)), 0, "the factory holds nothing");
        same(dollar.balanceOf(deposits.implementation()), 0, "nor does the code");
        same(dollar.balanceOf(address(0xBAD)), 0, "nor a thief");
    }

    /// @dev The view says what a sweep would do.
    function invariant_theViewAgreesWithTheBooks() external view {
        for (uint256 i = 0; i < actors.PARTIES(); ++i) {
            uint256 held = dollar.balanceOf(actors.addressOf(i));
            uint64 micros = depositOf(actors.parties(i)).creditMicros;
            atMost(credits.priceOf(micros), held, "affordable");
            yes(credits.priceOf(micros + 1) > held, "and no more");
        }
    }
}

contract DepositInvariantTest is DepositInvariantFixture {}

/// @dev A base unit buys less than a micro-credit, so that dust is left.
contract DustDepositInvariantTest is DepositInvariantFixture {
    function terms() internal view override returns (ITerms.Terms memory chosen) {
        chosen = super.terms();
        chosen.creditMicrosPerToken = 299_999;
    }

    /// @dev An invariant says nothing about what its actions never reach.
    function test_everyAction_succeedsInOneOfTheRuns() external {
        string[11] memory must = [
            "deposit",
            "sendCoin",
            "sweep",
            "sweep, with dust left",
            "sweepMany",
            "withdraw",
            "withdrawCoin",
            "steal",
            "buy",
            "pause",
            "freeze"
        ];
        uint256[11] memory total;
        for (uint256 run = 0; run < 32; ++run) {
            if (run > 0) setUp();
            for (uint256 step = 0; step < 50; ++step) {
                _play(uint256(keccak256(abi.encode("deposits", run, step))));
            }
            for (uint256 i = 0; i < 11; ++i) total[i] += actors.calls(must[i]);
        }
        for (uint256 i = 0; i < 11; ++i) atMost(1, total[i], must[i]);
    }

    function _play(uint256 random) private {
        (uint256 who, uint256 other, uint64 amount) = (
            random >> 16,
            random >> 80,
            uint64(random >> 144)
        );
        uint256 action = random % 10;
        if (action == 0) actors.deposit(who, amount);
        if (action == 1) actors.sendCoin(who, amount);
        if (action == 2) actors.sweep(who, other);
        if (action == 3) actors.sweepMany(who, other, amount);
        if (action == 4) actors.withdraw(who, other, amount);
        if (action == 5) actors.withdrawCoin(who, amount);
        if (action == 6) actors.steal(who, amount);
        if (action == 7) actors.buy(who, uint32(amount));
        if (action == 8) actors.pauseOrNot(other);
        if (action == 9) actors.freeze(who, other);
    }
}
