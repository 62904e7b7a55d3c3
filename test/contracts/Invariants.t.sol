// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {Actors} from "./support/Actors.sol";
import {Fixture} from "./support/Fixture.sol";

/// @dev The invariants I1 to I7 (docs/invariants.md) after any sequence of actions, with an honest
///      and with a wholly dishonest quorum.
abstract contract InvariantFixture is Fixture {
    Actors internal actors;

    function dishonest() internal pure virtual returns (bool);

    function setUp() public override {
        super.setUp();
        actors = new Actors(credits, dollar, signerKeys, dishonest(), owner);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    function invariant_I1_nobodyUsesMoreThanItPurchased() external view {
        for (uint256 i = 0; i < actors.partyCount(); ++i) {
            (uint64 purchased, uint64 spent, uint64 refunded, ) = credits.party(actors.parties(i));
            atMost(uint256(spent) + refunded, purchased, "I1");
            same(credits.balanceOf(actors.parties(i)), purchased - spent - refunded, "balance");
        }
    }

    function invariant_I2_totalsKeepTheirBounds() external view {
        ICreditTypes.CheckpointRecord memory last = credits.finalCheckpoint();
        atMost(last.earned, last.spent, "earned");
        atMost(last.spent - last.earned, (uint256(last.spent) * 500) / 10_000, "fee");
        uint256 purchased = 0;
        for (uint256 i = 0; i < actors.partyCount(); ++i) {
            (uint64 p, , , ) = credits.party(actors.parties(i));
            purchased += p;
        }
        atMost(uint256(last.spent) + last.refunded, purchased, "used");
        (, uint64 refunded, uint64 earned, uint64 fees) = credits.settledTotals();
        atMost(earned, last.earned, "claims draw on the earned pool only");
        if (credits.frozenAt() == 0) {
            atMost(refunded, last.refunded, "refunds are promised ones, until a freeze");
        }
        atMost(uint256(earned) + fees, last.spent, "earnings and fees");
    }

    /// @dev The actors compare every number with the one before, after every action.
    function invariant_I3_numbersOnlyGrow() external view {
        yes(bytes(actors.shrunk()).length == 0, actors.shrunk());
    }

    /// @dev The vault holds all that can still leave: all pools, all exits and all owed payouts.
    function invariant_I5_theVaultIsSolvent() external view {
        (, uint64 refunded, uint64 earned, uint64 fees) = credits.settledTotals();
        uint256 owed = credits.owedTo(actors.owner()) + credits.owedTo(feeRecipient);
        for (uint256 i = 0; i < actors.partyCount(); ++i) owed += credits.owedTo(actors.parties(i));
        uint256 micros = bookedMicros() - earned - fees;
        micros += credits.unspentPool();
        atMost(
            promisedRefunds(refunded),
            credits.unspentPool(),
            "refunds are part of the unspent pool"
        );
        atMost(owed + micros / 100, dollar.balanceOf(address(credits)), "I5");
    }

    function promisedRefunds(uint256 refunded) internal view returns (uint256) {
        uint256 promised = credits.finalCheckpoint().refunded;
        return promised > refunded ? promised - refunded : 0;
    }

    /// @dev What earnings and fees may draw on: the final `spent`, bounded by the limit for
    ///      unproven spending and by what exits have left.
    function bookedMicros() internal view returns (uint256 booked) {
        ICreditTypes.CheckpointRecord memory last = credits.finalCheckpoint();
        (uint64 spent, uint64 refunded, , ) = credits.settledTotals();
        uint256 purchased = 0;
        for (uint256 i = 0; i < actors.partyCount(); ++i) {
            (uint64 p, , , ) = credits.party(actors.parties(i));
            purchased += p;
        }
        same(credits.totalSupply(), purchased - spent - refunded, "supply");
        booked = last.spent;
        if (unprovenLimit() == NO_LIMIT) return booked;
        if (booked > uint256(spent) + unprovenLimit()) booked = uint256(spent) + unprovenLimit();
        uint256 remaining = purchased + credits.coveredMicros() - refunded;
        if (booked > remaining) booked = remaining;
    }

    /// @dev All tokens that came in are in the vault or were paid out.
    function invariant_tokensAreConserved() external view {
        uint256 left = actors.tokensOut(feeRecipient);
        uint256 owed = credits.owedTo(feeRecipient);
        for (uint256 i = 0; i < actors.partyCount(); ++i) {
            left += actors.tokensOut(actors.parties(i));
            owed += credits.owedTo(actors.parties(i));
        }
        same(dollar.balanceOf(address(credits)) + left, actors.tokensIn() + owed, "tokens");
    }

    /// @dev I7: the supply is the sum of all balances.
    function invariant_I7_supplyIsTheSumOfBalances() external view {
        uint256 sum = 0;
        for (uint256 i = 0; i < actors.partyCount(); ++i) {
            sum += credits.balanceOf(actors.parties(i));
        }
        same(credits.totalSupply(), sum, "supply");
    }

    function invariant_stakesAreThere() external view {
        uint256 sum = 0;
        for (uint256 i = 0; i < actors.partyCount(); ++i) sum += court.stakeOf(actors.parties(i));
        sum += court.stakeOf(address(actors)) + court.stakeOf(feeRecipient);
        atMost(sum, address(court).balance, "stakes");
    }

    /// @dev The court holds the bond, the rewards and the cover that it owes, and nothing else.
    ///      What counts as cover has arrived in the vault.
    function invariant_theBondIsConserved() external view {
        uint256 owed = court.coverOwed() + court.rewardOf(address(actors));
        for (uint256 i = 0; i < actors.partyCount(); ++i) {
            owed += court.rewardOf(actors.parties(i));
        }
        same(dollar.balanceOf(address(court)), court.bond() + owed, "the court's tokens");
        atMost(uint256(credits.coveredMicros()) / 100, actors.coverIn(), "counted cover");
    }
}

contract HonestQuorumInvariantTest is InvariantFixture {
    function dishonest() internal pure override returns (bool) {
        return false;
    }

    /// @dev I4 and more: with an honest quorum the vault never charges, refunds or pays more than
    ///      the honest meter recorded.
    function invariant_I4_nobodyLosesAnything() external view {
        bool frozen = credits.frozenAt() > 0;
        for (uint256 i = 0; i < actors.partyCount(); ++i) {
            (, uint64 spent, uint64 refunded, uint64 earned) = credits.party(actors.parties(i));
            atMost(spent, actors.spent(i), "charged");
            atMost(spent, actors.signedFor(i), "signed for");
            atMost(earned, actors.earned(i), "paid");
            // An exit pays all unspent credits, also without a refund request.
            if (!frozen) atMost(refunded, actors.refunded(i), "refunded");
        }
    }

    /// @dev The vault holds all unpaid earnings and fees of the final table, whatever exits have
    ///      taken.
    function invariant_whatIsEarnedIsThere() external view {
        ICreditTypes.CheckpointRecord memory last = credits.finalCheckpoint();
        (, , uint64 earned, uint64 fees) = credits.settledTotals();
        atMost(
            (uint256(last.spent) - earned - fees) / 100,
            dollar.balanceOf(address(credits)),
            "earned"
        );
    }

    function invariant_theBondIsSafe() external view {
        same(credits.coveredMicros(), 0, "never slashed");
    }
}

contract DishonestQuorumInvariantTest is InvariantFixture {
    function dishonest() internal pure override returns (bool) {
        return true;
    }
}

/// @dev With a limit for unproven spending, a wholly dishonest quorum takes at most that limit
///      beyond covered spending.
contract LimitedDishonestQuorumInvariantTest is InvariantFixture {
    uint64 internal constant LIMIT = 5e11;

    function dishonest() internal pure override returns (bool) {
        return true;
    }

    function unprovenLimit() internal pure override returns (uint64) {
        return LIMIT;
    }

    /// @dev I4 in a vault with a limit holds whatever the signers sign.
    function invariant_I4_nobodyIsChargedBeyondItsSignature() external view {
        for (uint256 i = 0; i < actors.partyCount(); ++i) {
            (, uint64 spent, , ) = credits.party(actors.parties(i));
            atMost(spent, actors.signedFor(i), "signed for");
        }
    }

    /// @dev All accounts together lose at most what they signed for, plus the limit.
    function invariant_theLossIsBounded() external view {
        (uint64 spent, uint64 refunded, uint64 earned, uint64 fees) = credits.settledTotals();
        atMost(uint256(earned) + fees, uint256(spent) + LIMIT, "unproven");
        uint256 purchased = 0;
        uint256 signedFor = 0;
        for (uint256 i = 0; i < actors.partyCount(); ++i) {
            (uint64 p, , , ) = credits.party(actors.parties(i));
            purchased += p;
            signedFor += actors.signedFor(i);
        }
        uint256 left = purchased + credits.coveredMicros() - refunded - earned - fees;
        atMost(purchased, left + refunded + signedFor + LIMIT, "the loss");
    }
}
