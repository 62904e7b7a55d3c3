// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBond} from "../../contracts/interfaces/IBond.sol";
import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {Fixture} from "./support/Fixture.sol";
import {Table} from "./support/Table.sol";

/// @dev The signers' total says that 100 credits were earned. A row of an accomplice takes 60 of
///      them before the provider, whose row says 100, settles. The provider's shortfall is the
///      proof.
contract ShortfallTest is Fixture {
    ICreditTypes.Row[] internal rows;

    function setUp() public override {
        super.setUp();
        buy(payer, 1_000 * CREDIT);
        rows.push(row(payer, 100 * CREDIT, 0, 0));
        rows.push(row(provider, 0, 0, 100 * CREDIT));
        rows.push(row(otherProvider, 0, 0, 60 * CREDIT));
        fund(stranger);
        vm.prank(stranger);
        dollar.approve(address(court), type(uint256).max);
    }

    function deposit(uint256 tokenAmount) private {
        vm.prank(stranger);
        court.depositBond(tokenAmount);
    }

    function lie() private {
        ICreditTypes.Checkpoint memory checkpoint = checkpointOf(rows);
        checkpoint.earned = 100 * CREDIT;
        submit(checkpoint);
        skip(DISPUTE);
    }

    function prove(uint256 index) private {
        court.proveShortfall(rows[index], Table.proof(rows, index));
    }

    function reverts(uint256 index) private {
        bytes32[] memory proof = Table.proof(rows, index);
        vm.expectRevert(abi.encodeWithSelector(IBond.NoShortfall.selector, rows[index].party));
        court.proveShortfall(rows[index], proof);
    }

    function test_unpaidEarnings_arePaidFromTheBond_andFreezeTheVault() external {
        deposit(10e6);
        lie();
        settle(rows, 2);
        same(settle(rows, 1), 400_000, "the rest of the pool");
        vm.expectEmit(address(court));
        emit IBond.CameShort(1, provider, 600_000, 9_400_000);
        prove(1);
        same(dollar.balanceOf(provider), 1e6, "in full");
        same(court.bond(), 0, "slashed");
        same(credits.coveredMicros(), 940 * CREDIT, "the rest covers exits");
        same(credits.frozenAt(), block.timestamp, "frozen");
    }

    function test_unpaidEarningsAboveHalfTheBond_takeHalfOfIt() external {
        deposit(1e6);
        lie();
        settle(rows, 2);
        settle(rows, 1);
        vm.prank(provider);
        credits.setRecipient(address(0xE0A));
        prove(1);
        same(
            dollar.balanceOf(address(0xE0A)),
            500_000,
            "half of the bond, to the chosen recipient"
        );
    }

    function test_whileTheTotalHasRoom_reverts() external {
        lie();
        reverts(1);
        settle(rows, 2);
        reverts(1);
        settle(rows, 1);
        prove(1);
    }

    function test_ofAProviderPaidInFull_reverts() external {
        lie();
        settle(rows, 2);
        settle(rows, 1);
        reverts(2);
    }

    function test_ofAnHonestTable_inAnyOrder_reverts() external {
        finalize(table(row(payer, 190 * CREDIT, 0, 0), row(provider, 0, 0, 190 * CREDIT)));
        rows[0].spent = 250 * CREDIT;
        rows[1].earned = 190 * CREDIT;
        finalize(rows);
        for (uint256 i = 1; i < 3; ++i) reverts(i);
        settle(rows, 2);
        for (uint256 i = 1; i < 3; ++i) reverts(i);
        settle(rows, 1);
        for (uint256 i = 0; i < 3; ++i) reverts(i);
    }

    function test_rowOfAnotherTable_reverts() external {
        lie();
        ICreditTypes.Row[] memory forged = table(row(provider, 0, 0, 500 * CREDIT));
        vm.expectRevert(
            abi.encodeWithSelector(
                ICreditTypes.RowNotInCheckpoint.selector,
                provider,
                Table.root(forged)
            )
        );
        court.proveShortfall(forged[0], new bytes32[](0));
    }
}
