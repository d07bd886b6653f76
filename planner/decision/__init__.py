"""From facts to a decision: evaluation, break-even, recommendation and the words for them."""
