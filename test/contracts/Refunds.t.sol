// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {IRefunds} from "../../contracts/interfaces/IRefunds.sol";
import {ITerms} from "../../contracts/interfaces/ITerms.sol";
import {Fixture} from "./support/Fixture.sol";
import {Vm} from "./support/Vm.sol";

contract RequestRefundTest is Fixture {
    function setUp() public override {
        super.setUp();
        buy(payer, 1_000 * CREDIT);
    }

    function request(uint64 creditMicros) internal {
        vm.prank(payer);
        credits.requestRefund(creditMicros);
    }

    function test_firstRequest_isStored_andRaisesTheCounter() external {
        vm.expectEmit(address(credits));
        emit IRefunds.CounterRaised(payer, 1);
        vm.expectEmit(address(credits));
        emit IRefunds.RefundRequested(payer, 400 * CREDIT, 1_000 * CREDIT, 0, 1);
        request(400 * CREDIT);
        IRefunds.RefundRequest memory open = credits.refundRequestOf(payer);
        same(open.requestedMicros, 400 * CREDIT, "requested");
        same(open.unspentMicros, 1_000 * CREDIT, "unspent");
        same(open.deadline, block.timestamp + REFUND, "deadline");
        same(credits.counterOf(payer), 1, "counter");
    }

    function test_ofZeroCredits_reverts() external {
        vm.expectRevert(ITerms.ZeroAmount.selector);
        request(0);
    }

    function test_aboveTheBalance_reverts() external {
        vm.expectRevert(
            abi.encodeWithSelector(
                IRefunds.InsufficientCredits.selector,
                payer,
                1_000 * CREDIT,
                1_000 * CREDIT + 1
            )
        );
        request(1_000 * CREDIT + 1);
    }

    function test_afterASettledRow_countsItsSpendingAndRefunds() external {
        ICreditTypes.Row[] memory rows = table(
            row(payer, 400 * CREDIT, 100 * CREDIT, 0),
            row(provider, 0, 0, 400 * CREDIT)
        );
        finalize(rows);
        settle(rows, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRefunds.InsufficientCredits.selector,
                payer,
                500 * CREDIT,
                500 * CREDIT + 1
            )
        );
        request(500 * CREDIT + 1);
        vm.expectEmit(address(credits));
        emit IRefunds.RefundRequested(payer, 500 * CREDIT, 900 * CREDIT, 100 * CREDIT, 1);
        request(500 * CREDIT);
    }

    /// @dev Spending alone makes nothing due any more. It closes the request and says so.
    function test_withAllCreditsSpent_isServed() external {
        request(500 * CREDIT);
        ICreditTypes.Row[] memory rows = table(
            row(payer, 1_000 * CREDIT, 0, 0),
            row(provider, 0, 0, 1_000 * CREDIT)
        );
        finalize(rows);
        vm.expectEmit(address(credits));
        emit IRefunds.RefundServed(payer, 0);
        settle(rows, 0);
        IRefunds.RefundRequest memory open = credits.refundRequestOf(payer);
        same(open.requestedMicros, 0, "requested");
        same(open.deadline, 0, "deadline");
        buy(payer, 10 * CREDIT);
        request(10 * CREDIT);
        same(
            credits.refundRequestOf(payer).requestedMicros,
            10 * CREDIT,
            "another request is possible"
        );
    }

    function test_whileAnotherIsOpen_reverts() external {
        request(1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRefunds.RefundRequestOpen.selector,
                payer,
                uint40(block.timestamp + REFUND)
            )
        );
        request(1);
    }

    function test_onceARowPaysIt_isClosed_andAnotherCanFollow() external {
        request(400 * CREDIT);
        ICreditTypes.Row[] memory rows = table(row(payer, 0, 400 * CREDIT, 0));
        finalize(rows);
        vm.expectEmit(address(credits));
        emit IRefunds.RefundServed(payer, 400 * CREDIT);
        settle(rows, 0);
        same(credits.refundRequestOf(payer).requestedMicros, 0, "closed");
        request(600 * CREDIT);
        same(
            credits.refundRequestOf(payer).refundedMicros,
            400 * CREDIT,
            "refunded at the request"
        );
    }

    function test_secondRequest_isServedByWhatIsPaidSince() external {
        ICreditTypes.Row[] memory rows = table(row(payer, 0, 400 * CREDIT, 0));
        finalize(rows);
        settle(rows, 0);
        request(300 * CREDIT);
        rows[0].refunded = 700 * CREDIT - 1;
        finalize(rows);
        settle(rows, 0);
        same(credits.refundRequestOf(payer).requestedMicros, 300 * CREDIT, "one is missing");
        rows[0].refunded = 700 * CREDIT;
        finalize(rows);
        vm.expectEmit(address(credits));
        emit IRefunds.RefundServed(payer, 300 * CREDIT);
        settle(rows, 0);
        same(credits.refundRequestOf(payer).requestedMicros, 0, "closed");
    }

    function test_servedRequest_emitsOnce() external {
        request(100 * CREDIT);
        ICreditTypes.Row[] memory rows = table(row(payer, 0, 100 * CREDIT, 0));
        finalize(rows);
        settle(rows, 0);
        rows[0].refunded = 150 * CREDIT;
        finalize(rows);
        vm.recordLogs();
        settle(rows, 0);
        same(vm.getRecordedLogs().length, 3, "three events: the row, the burn, the payment");
    }

    /// @dev An exit pays all that is unspent, so nothing is due any more.
    function test_byAnExit_isServed() external {
        request(400 * CREDIT);
        skip(REFUND + 1);
        credits.freeze(payer);
        skip(GRACE);
        vm.expectEmit(address(credits));
        emit IRefunds.RefundServed(payer, 1_000 * CREDIT);
        credits.exitWithoutProof(payer);
        same(credits.refundRequestOf(payer).requestedMicros, 0, "closed");
    }

    /// @dev A request is open if and only if something is due by the settled numbers, and each
    ///      request that ends says so once.
    function testFuzz_request_isOpenWhileSomethingIsDue(
        uint64 asked,
        uint64[3] memory more,
        uint64[3] memory back
    ) external {
        asked = uint64(between(asked, 1, 1_000 * CREDIT));
        request(asked);
        uint64 spent = 0;
        uint64 refunded = 0;
        bool open = true;
        for (uint256 i = 0; i < 3; ++i) {
            spent += uint64(between(more[i], 0, 1_000 * CREDIT - spent - refunded));
            refunded += uint64(between(back[i], 0, 1_000 * CREDIT - spent - refunded));
            ICreditTypes.Row[] memory rows = table(
                row(payer, spent, refunded, 0),
                row(provider, 0, 0, spent)
            );
            finalize(rows);
            vm.recordLogs();
            settle(rows, 0);
            uint64 left = 1_000 * CREDIT - spent;
            uint64 due = asked < left ? asked : left;
            bool served = open && refunded >= due;
            same(_served(vm.getRecordedLogs(), refunded), served ? 1 : 0, "told once");
            if (served) open = false;
            same(
                credits.refundRequestOf(payer).requestedMicros,
                open ? asked : 0,
                "open while due"
            );
        }
    }

    function _served(Vm.Log[] memory logs, uint64 refunded) private pure returns (uint256 count) {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IRefunds.RefundServed.selector) continue;
            same(abi.decode(logs[i].data, (uint64)), refunded, "amount");
            ++count;
        }
    }

    function test_paidInPart_staysOpen() external {
        request(400 * CREDIT);
        ICreditTypes.Row[] memory rows = table(row(payer, 0, 400 * CREDIT - 1, 0));
        finalize(rows);
        settle(rows, 0);
        same(credits.refundRequestOf(payer).requestedMicros, 400 * CREDIT, "open");
    }

    function test_withTheRestSpent_isServed() external {
        request(400 * CREDIT);
        ICreditTypes.Row[] memory rows = table(
            row(payer, 700 * CREDIT, 300 * CREDIT, 0),
            row(provider, 0, 0, 700 * CREDIT)
        );
        finalize(rows);
        vm.expectEmit(address(credits));
        emit IRefunds.RefundServed(payer, 300 * CREDIT);
        settle(rows, 0);
        same(credits.refundRequestOf(payer).requestedMicros, 0, "closed");
    }
}

contract RevokeAllTest is Fixture {
    function test_calledOnce_raisesTheCallersCounter() external {
        vm.expectEmit(address(credits));
        emit IRefunds.CounterRaised(payer, 1);
        vm.prank(payer);
        credits.revokeAll();
        same(credits.counterOf(payer), 1, "counter");
        same(credits.counterOf(stranger), 0, "no other account's");
    }
}
