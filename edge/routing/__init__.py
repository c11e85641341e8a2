"""Who answers a turn: pure functions from measured facts to a decision."""
