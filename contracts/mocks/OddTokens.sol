// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token with any number of decimals that anyone can mint
contract PlainToken is ERC20 {
    uint8 private immutable DECIMALS;

    constructor(uint8 decimals_) ERC20("Plain", "PLN") {
        DECIMALS = decimals_;
    }

    function mint(address account, uint256 value) external {
        _mint(account, value);
    }

    function decimals() public view override returns (uint8) {
        return DECIMALS;
    }
}

/// @title A token that keeps one percent of each transfer
contract FeeToken is PlainToken(6) {
    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from != address(0) && to != address(0)) super._update(to, address(0xFEE), value / 100);
    }
}

/// @title A token whose balances shrink and grow on command
contract RebasingToken is PlainToken(6) {
    uint256 public percent = 100;

    function setPercent(uint256 percent_) external {
        percent = percent_;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return (super.balanceOf(account) * percent) / 100;
    }
}

/// @title A token that calls a contract on its next transfer, as an ERC-777 does
contract HookToken is PlainToken(6) {
    address public hooked;
    bytes public call;
    bool public succeeded;
    bytes public result;

    function hook(address hooked_, bytes calldata call_) external {
        (hooked, call) = (hooked_, call_);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (hooked != address(0)) {
            address target = hooked;
            hooked = address(0);
            // solhint-disable-next-line avoid-low-level-calls
            (succeeded, result) = target.call(call);
        }
        super._update(from, to, value);
    }
}

/// @title A token whose transfers return nothing, as those of Tether
contract SilentToken {
    string public name = "Silent";
    uint8 public decimals = 6;
    mapping(address account => uint256 value) public balanceOf;

    error Refused();

    function mint(address account, uint256 value) external {
        balanceOf[account] += value;
    }

    function approve(address, uint256) external {}

    function transfer(address to, uint256 value) external {
        _move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external {
        _move(from, to, value);
    }

    function _move(address from, address to, uint256 value) private {
        require(balanceOf[from] >= value, Refused());
        balanceOf[from] -= value;
        balanceOf[to] += value;
    }
}

/// @title A token whose transfers return false instead of reverting
contract FalseToken is PlainToken(6) {
    bool public refusing;

    function setRefusing(bool refusing_) external {
        refusing = refusing_;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        return !refusing && super.transfer(to, value);
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        return !refusing && super.transferFrom(from, to, value);
    }
}
