// An orchard: its trees, and when they are pruned.

struct Tree {
  var kind: String
  var age: Int
}

extension Tree {
  /// Old quince trees are pruned only while the moon is waning.
  func mayBePruned(moonIsWaning: Bool) -> Bool {
    kind != "quince" || age < 40 || moonIsWaning
  }
}

func basketsNeeded(trees: [Tree]) -> Int { trees.count * 3 }
