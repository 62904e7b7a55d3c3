// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title An ERC-1271 wallet for tests that signs by its owner's key and can misbehave
/// @dev It can disown all signatures, revert, or burn all gas.
contract TestWallet is IERC1271 {
    enum Mood {
        Honest,
        Disowning,
        Reverting,
        BurningGas
    }

    address public immutable OWNER;
    Mood public mood;

    error NoSignatureToday();
    error CallFailed(bytes reason);

    constructor(address owner) {
        OWNER = owner;
    }

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    /// @notice Makes any call for anyone, because it is a test wallet.
    function run(
        address target,
        uint256 value,
        bytes calldata data
    ) external returns (bytes memory result) {
        bool success;
        (success, result) = target.call{value: value}(data);
        require(success, CallFailed(result));
    }

    function isValidSignature(
        bytes32 digest,
        bytes calldata signature
    ) external view returns (bytes4) {
        if (mood == Mood.Reverting) revert NoSignatureToday();
        while (mood == Mood.BurningGas) {}
        // A trailing byte distinguishes the wallet's signature from one of a key.
        bool valid = mood == Mood.Honest && ECDSA.recover(digest, signature[:65]) == OWNER;
        return valid ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    receive() external payable {
        if (mood == Mood.Reverting) revert NoSignatureToday();
    }
}
