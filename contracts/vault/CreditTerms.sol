// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

import {ITerms} from "../interfaces/ITerms.sol";

/// @title The terms and the price that follows from them
/// @dev Invariant: nothing here changes after the deployment, so the value of a credit in tokens is
///      fixed.
abstract contract CreditTerms is ITerms {
    /// @dev 10^36 times the largest uint64 is below 2^184, so that no price overflows.
    uint8 private constant MAX_TOKEN_DECIMALS = 36;

    /// @dev With longer windows users could not leave the vault in a reasonable time.
    uint256 private constant MAX_WINDOW = 365 days;

    /// @dev Basis points of the whole.
    uint256 internal constant BPS = 10_000;

    /// @dev The token, and how many base units one whole token has.
    IERC20 internal immutable TOKEN;
    uint256 internal immutable TOKEN_UNIT;

    /// @inheritdoc ITerms
    uint64 public immutable override creditMicrosPerToken;
    /// @inheritdoc ITerms
    uint16 public immutable override maxFeeBps;
    /// @inheritdoc ITerms
    uint32 public immutable override disputeWindowSeconds;
    /// @inheritdoc ITerms
    uint32 public immutable override answerWindowSeconds;
    /// @inheritdoc ITerms
    uint32 public immutable override refundWindowSeconds;
    /// @inheritdoc ITerms
    uint32 public immutable override exitGraceSeconds;
    /// @inheritdoc ITerms
    uint32 public immutable override counterGraceSeconds;
    /// @inheritdoc ITerms
    uint32 public immutable override signerDelaySeconds;
    /// @inheritdoc ITerms
    uint64 public immutable override unprovenLimitMicros;
    /// @inheritdoc ITerms
    uint128 public immutable override challengeStakeWei;
    /// @inheritdoc ITerms
    uint64 public immutable override deploymentBlock;

    constructor(Terms memory terms) {
        uint8 decimals = IERC20Metadata(terms.token).decimals();
        require(terms.creditMicrosPerToken > 0, ZeroCreditPrice());
        require(decimals <= MAX_TOKEN_DECIMALS, UnsupportedDecimals(decimals, MAX_TOKEN_DECIMALS));
        require(terms.maxFeeBps <= BPS, FeeAboveMaximum(terms.maxFeeBps, BPS));
        require(terms.challengeStakeWei > 0, ZeroStake());

        TOKEN = IERC20(terms.token);
        TOKEN_UNIT = 10 ** decimals;
        creditMicrosPerToken = terms.creditMicrosPerToken;
        maxFeeBps = terms.maxFeeBps;
        disputeWindowSeconds = terms.disputeWindowSeconds;
        answerWindowSeconds = terms.answerWindowSeconds;
        refundWindowSeconds = terms.refundWindowSeconds;
        exitGraceSeconds = terms.exitGraceSeconds;
        counterGraceSeconds = terms.counterGraceSeconds;
        signerDelaySeconds = terms.signerDelaySeconds;
        unprovenLimitMicros = terms.unprovenLimitMicros;
        challengeStakeWei = terms.challengeStakeWei;
        deploymentBlock = uint64(block.number);
        _checkWindows(terms);
    }

    /// @inheritdoc ITerms
    function token() external view override returns (address) {
        return address(TOKEN);
    }

    /// @dev Rounds up: the vault never holds less than its issued credits are worth.
    function _toTokensUp(uint256 creditMicros) internal view returns (uint256 tokenAmount) {
        // As below, with credits of at most 104 bits; and the price is below 2^64. In assembly, as
        // the compiler would ask again whether the price is zero.
        uint256 price = creditMicrosPerToken;
        unchecked {
            tokenAmount = creditMicros * TOKEN_UNIT + price - 1;
        }
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            tokenAmount := div(tokenAmount, price)
        }
    }

    /// @dev Rounds down. Its argument is a cumulative total: a payout is the difference of two
    ///      results, so that many small payouts lose no fraction.
    function _toTokensDown(uint256 creditMicros) internal view returns (uint256) {
        // The unit is at most 10^36 < 2^120 and the credits are below 2^65, so the product fits.
        // The price is not zero.
        unchecked {
            return (creditMicros * TOKEN_UNIT) / creditMicrosPerToken;
        }
    }

    /// @dev Reverts unless each window has room for what must happen within it. Otherwise an honest
    ///      operator could miss a deadline.
    function _checkWindows(Terms memory terms) private pure {
        uint256 round = uint256(terms.disputeWindowSeconds) + terms.answerWindowSeconds;
        _checkWindow("disputeWindowSeconds", terms.disputeWindowSeconds, 1);
        _checkWindow("answerWindowSeconds", terms.answerWindowSeconds, 1);
        // The worst case of a refund takes three rounds. One checkpoint is in dispute at the
        // request, the next one serves it and is dropped in its last second, and the third is
        // disputed too.
        _checkWindow("refundWindowSeconds", terms.refundWindowSeconds, 3 * round);
        // Spending under an ended counter gets into the checkpoint after the disputed one, even if
        // the disputed one is dropped.
        _checkWindow("counterGraceSeconds", terms.counterGraceSeconds, 2 * round);
        _checkWindow("exitGraceSeconds", terms.exitGraceSeconds, 1);
        // Users who distrust new signers are refunded, or freeze the vault, before these can sign.
        // A user with an open request at the announcement has time for a second one.
        _checkWindow(
            "signerDelaySeconds",
            terms.signerDelaySeconds,
            2 * uint256(terms.refundWindowSeconds) + round
        );
    }

    /// @dev Reverts unless a window lasts at least `least` seconds and at most a year.
    function _checkWindow(bytes32 window, uint256 seconds_, uint256 least) private pure {
        require(
            seconds_ >= least && seconds_ <= MAX_WINDOW,
            WindowOutOfBounds(window, seconds_, least, MAX_WINDOW)
        );
    }
}
