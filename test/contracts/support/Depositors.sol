// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {DepositAddress} from "../../../contracts/deposits/DepositAddress.sol";
import {IComputeCredits} from "../../../contracts/interfaces/IComputeCredits.sol";
import {IDepositAddresses} from "../../../contracts/interfaces/IDepositAddresses.sol";
import {TestDollar} from "../../../contracts/mocks/TestDollar.sol";
import {Test} from "./Test.sol";

/// @dev All that can happen to deposit addresses, in any order, and books of it. Every call
///      succeeds or is caught, so that only a broken invariant fails a test.
contract Depositors is Test {
    uint256 public constant PARTIES = 4;

    IComputeCredits private _credits;
    IDepositAddresses private _deposits;
    TestDollar private _dollar;
    address private _owner;

    address[PARTIES] public parties = [
        address(0xA11CE),
        address(0xB0B),
        address(0xCA401),
        address(0xD0D0)
    ];

    /// @dev The books, in base units: what arrived, and what left as purchases or to the account.
    uint256[PARTIES] public arrived;
    uint256[PARTIES] public spent;
    uint256[PARTIES] public withdrawn;
    /// @dev Micro-credits that sweeps and the account's own purchases brought.
    uint256[PARTIES] public credited;
    /// @dev The chain's own coin: sent, and taken out.
    uint256[PARTIES] public coinIn;
    uint256[PARTIES] public coinOut;

    mapping(string action => uint256 count) public calls;

    constructor(
        IComputeCredits credits,
        IDepositAddresses deposits,
        TestDollar dollar,
        address owner
    ) {
        (_credits, _deposits, _dollar, _owner) = (credits, deposits, dollar, owner);
    }

    function deposit(uint256 who, uint64 amount) external {
        // Often a few base units, so that dust is common.
        uint256 tokens = amount % 3 == 0 ? between(amount, 1, 9) : between(amount, 1, 1_000e6);
        _dollar.mint(addressOf(who), tokens);
        arrived[who % PARTIES] += tokens;
        ++calls["deposit"];
    }

    function sendCoin(uint256 who, uint64 amount) external {
        address where = addressOf(who);
        vm.deal(where, where.balance + amount);
        coinIn[who % PARTIES] += amount;
        ++calls["sendCoin"];
    }

    function sweep(uint256 who, uint256 caller) external {
        uint256 i = who % PARTIES;
        uint256 before = _dollar.balanceOf(addressOf(i));
        vm.prank(parties[caller % PARTIES]);
        try _deposits.sweep(parties[i]) returns (uint64 creditMicros) {
            credited[i] += creditMicros;
            spent[i] += _credits.priceOf(creditMicros);
            if (before - _credits.priceOf(creditMicros) > 0) ++calls["sweep, with dust left"];
            ++calls["sweep"];
        } catch {}
    }

    function sweepMany(uint256 first, uint256 second, uint256 caller) external {
        uint256[2] memory chosen = [first % PARTIES, second % PARTIES];
        address[] memory accounts = new address[](2);
        for (uint256 j = 0; j < 2; ++j) accounts[j] = parties[chosen[j]];
        uint256[2] memory before = [_held(chosen[0]), _held(chosen[1])];
        uint256[2] memory had = [_purchased(chosen[0]), _purchased(chosen[1])];
        vm.prank(parties[caller % PARTIES]);
        _deposits.sweepMany(accounts);
        for (uint256 j = 0; j < (chosen[0] == chosen[1] ? 1 : 2); ++j) {
            uint256 i = chosen[j];
            uint256 bought = _purchased(i) - had[j];
            credited[i] += bought;
            spent[i] += _credits.priceOf(uint64(bought));
            same(_held(i), before[j] - _credits.priceOf(uint64(bought)), "swept at the price");
            if (bought > 0) ++calls["sweepMany"];
        }
    }

    function withdraw(uint256 who, uint256 toWhom, uint64 amount) external {
        uint256 i = who % PARTIES;
        uint256 held = _held(i);
        if (held == 0) return;
        uint256 tokens = between(amount, 1, held);
        vm.prank(parties[i]);
        _deposits.withdraw(address(_dollar), parties[toWhom % PARTIES], tokens);
        withdrawn[i] += tokens;
        ++calls["withdraw"];
    }

    function withdrawCoin(uint256 who, uint64 amount) external {
        uint256 i = who % PARTIES;
        uint256 held = addressOf(i).balance;
        if (held == 0) return;
        uint256 coin = between(amount, 1, held);
        vm.prank(parties[i]);
        _deposits.withdrawNative(payable(parties[i]), coin);
        coinOut[i] += coin;
        ++calls["withdrawCoin"];
    }

    /// @dev A stranger calls a deposit address itself, and takes from addresses of others.
    function steal(uint256 who, uint64 amount) external {
        DepositAddress target = DepositAddress(addressOf(who));
        vm.startPrank(address(0xBAD));
        try _deposits.withdraw(address(_dollar), address(0xBAD), uint256(amount) + 1) {
            revert NotTrue("a stranger withdrew");
        } catch {}
        if (address(target).code.length > 0) {
            try target.send(IERC20(address(_dollar)), address(0xBAD), 1) {
                revert NotTrue("a stranger sent");
            } catch {}
            try target.buy(1, 1) {
                revert NotTrue("a stranger bought");
            } catch {}
            try target.sendNative(payable(address(0xBAD)), 0) {
                revert NotTrue("a stranger sent coin");
            } catch {}
            ++calls["steal"];
        }
        vm.stopPrank();
    }

    /// @dev The account's own purchase, beside its deposits.
    function buy(uint256 who, uint32 micros) external {
        uint256 i = who % PARTIES;
        uint64 amount = uint64(micros) + 1;
        vm.startPrank(parties[i]);
        _dollar.mint(parties[i], _credits.priceOf(amount));
        _dollar.approve(address(_credits), type(uint256).max);
        try _credits.buy(parties[i], amount) {
            credited[i] += amount;
            ++calls["buy"];
        } catch {}
        vm.stopPrank();
    }

    function pauseOrNot(uint256 seed) external {
        vm.prank(_owner);
        if (seed % 4 == 0) {
            try _credits.pause() {
                ++calls["pause"];
            } catch {}
        } else {
            try _credits.unpause() {
                ++calls["unpause"];
            } catch {}
        }
    }

    /// @dev An account's refund request is not served: the vault freezes for good.
    function freeze(uint256 who, uint256 seed) external {
        uint256 i = who % PARTIES;
        if (seed % 16 != 0 || _credits.balanceOf(parties[i]) == 0) return;
        uint64 unspent = uint64(_credits.balanceOf(parties[i]));
        vm.prank(parties[i]);
        try _credits.requestRefund(unspent) {} catch {}
        vm.warp(timeNow() + _credits.refundWindowSeconds() + 1);
        try _credits.freeze(parties[i]) {
            ++calls["freeze"];
        } catch {}
    }

    function addressOf(uint256 who) public view returns (address) {
        return _deposits.depositAddressOf(parties[who % PARTIES]);
    }

    function _held(uint256 i) private view returns (uint256) {
        return _dollar.balanceOf(addressOf(i));
    }

    function _purchased(uint256 i) private view returns (uint256 purchased) {
        (purchased, , , ) = _credits.party(parties[i]);
    }
}
