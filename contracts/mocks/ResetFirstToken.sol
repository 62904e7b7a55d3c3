// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A token whose allowance must be set to zero before it is changed, as that of Tether
/// @dev Its functions return nothing, as Tether's do.
contract ResetFirstToken {
    string public name = "Reset First";
    uint8 public decimals = 6;
    mapping(address account => uint256 value) public balanceOf;
    mapping(address owner => mapping(address spender => uint256 value)) public allowance;

    error ResetFirst();

    function mint(address account, uint256 value) external {
        balanceOf[account] += value;
    }

    function approve(address spender, uint256 value) external {
        require(value == 0 || allowance[msg.sender][spender] == 0, ResetFirst());
        allowance[msg.sender][spender] = value;
    }

    function transfer(address to, uint256 value) external {
        _move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external {
        allowance[from][msg.sender] -= value;
        _move(from, to, value);
    }

    function _move(address from, address to, uint256 value) private {
        balanceOf[from] -= value;
        balanceOf[to] += value;
    }
}
