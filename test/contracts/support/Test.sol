// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "./Vm.sol";

/// @dev Cheat codes, and assertions that name what they compare.
abstract contract Test {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    error NotEqual(string what, uint256 actual, uint256 expected);
    error NotAtMost(string what, uint256 actual, uint256 limit);
    error NotTrue(string what);

    function same(uint256 actual, uint256 expected, string memory what) internal pure {
        if (actual != expected) revert NotEqual(what, actual, expected);
    }

    function same(address actual, address expected, string memory what) internal pure {
        if (actual != expected) revert NotEqual(what, uint160(actual), uint160(expected));
    }

    function same(bytes32 actual, bytes32 expected, string memory what) internal pure {
        if (actual != expected) revert NotEqual(what, uint256(actual), uint256(expected));
    }

    function atMost(uint256 actual, uint256 limit, string memory what) internal pure {
        if (actual > limit) revert NotAtMost(what, actual, limit);
    }

    function yes(bool condition, string memory what) internal pure {
        if (!condition) revert NotTrue(what);
    }

    /// @dev The time to remember over a `warp`. The optimizer, which forge compiles the tests with,
    ///      may read `block.timestamp` again where a variable with its value is used.
    function timeNow() internal view returns (uint256) {
        return vm.getBlockTimestamp();
    }

    /// @dev Maps a number into the range from `low` to `high`, both included.
    function between(uint256 number, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + (number % (high - low + 1));
    }
}
