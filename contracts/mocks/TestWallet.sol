// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title An ERC-1271 wallet for tests that signs by its owner's key and can misbehave
/// @dev It can disown all signatures, revert, burn all gas, stop at an invalid instruction, or
///      answer with the right four bytes in the wrong form.
contract TestWallet is IERC1271 {
    enum Mood {
        Honest,
        Disowning,
        Reverting,
        BurningGas,
        Invalid,
        AnsweringJunk,
        AnsweringShort
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
        if (mood == Mood.Invalid) _stopInvalid();
        if (mood == Mood.AnsweringJunk) _answer(32, type(uint224).max);
        if (mood == Mood.AnsweringShort) _answer(31, 0);
        // A trailing byte distinguishes the wallet's signature from one of a key.
        bool valid = mood == Mood.Honest && ECDSA.recover(digest, signature[:65]) == OWNER;
        return valid ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    function _stopInvalid() private pure {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            invalid()
        }
    }

    /// @dev Answers `size` bytes: the four of a valid signature, then `rest`.
    function _answer(uint256 size, uint224 rest) private pure {
        bytes32 word = bytes32(IERC1271.isValidSignature.selector) | bytes32(uint256(rest));
        // solhint-disable-next-line no-inline-assembly
        assembly {
            mstore(0, word)
            return(0, size)
        }
    }

    receive() external payable {
        if (mood == Mood.Reverting) revert NoSignatureToday();
    }
}
