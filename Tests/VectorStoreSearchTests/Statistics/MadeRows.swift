// Rows made so that their statistics are known, and streams of them in any order and blocks.

import TestSupport
import VectorStoreSearch

/// Unit rows with ids, as statistics take them.
struct MadeRows {
  let dimensions: Int
  private(set) var ids: [Int64] = []
  private(set) var rows: [[Float]] = []

  init(dimensions: Int) { self.dimensions = dimensions }

  /// Adds a row of any length above 0; its id is its place, from 1.
  mutating func append(_ vector: [Double]) throws {
    let unit = try UnitVector(vector.map { Float($0) }, dimensions: dimensions)
    rows.append(unit.components)
    ids.append(Int64(rows.count))
  }

  /// The rows in blocks of `blockSize`, in an order of the seed, or as they were added.
  func stream(blockSize: Int = 100, seed: UInt64? = nil) -> RowStream {
    var order = Array(rows.indices)
    if let seed {
      var generator = SeededGenerator(seed: seed)
      order.shuffle(using: &generator)
    }
    return RowStream(dimensions: dimensions) { body in
      let block = VectorBlock(dimensions: dimensions, capacity: blockSize)
      for index in order {
        try block.append(rows[index], id: ids[index])
        guard block.isFull else { continue }
        try body(block)
        block.removeAll()
      }
      try body(block)
    }
  }

  func analysis(
    blockSize: Int = 100, seed: UInt64? = nil, options: RowAnalysisOptions = RowAnalysisOptions()
  ) throws -> RowAnalysis {
    try RowAnalysis(
      of: [stream(blockSize: blockSize, seed: seed)], dimensions: dimensions, options: options)
  }
}

extension SeededGenerator {
  /// A number of the standard normal distribution: the sum of twelve uniform ones, near enough.
  mutating func normal() -> Double {
    (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &self) }
  }

  mutating func normals(_ count: Int) -> [Double] { (0..<count).map { _ in normal() } }
}

/// Rows that point evenly everywhere within the first `within` of their dimensions.
func isotropicRows(
  _ count: Int, dimensions: Int, within: Int? = nil, seed: UInt64
) throws -> MadeRows {
  var generator = SeededGenerator(seed: seed)
  var made = MadeRows(dimensions: dimensions)
  let within = within ?? dimensions
  for _ in 0..<count {
    try made.append(
      generator.normals(within) + Array(repeating: 0, count: dimensions - within))
  }
  return made
}

/// Whether two numbers agree to a relative error.
func agrees(_ one: Double?, _ other: Double, within error: Double) -> Bool {
  guard let one else { return false }
  return abs(one - other) <= error * max(abs(other), 1e-300)
}
