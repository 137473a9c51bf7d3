// What search refuses, as values.

/// Why numbers are not a vector that can be stored or searched for.
package enum VectorError: Error, Equatable {
  /// The number of components is not that of the space.
  case wrongDimensions(found: Int, expected: Int)
  /// A component is infinite or not a number; `index` is the first one.
  case notFinite(index: Int)
  /// All components are zero: the vector has no direction.
  case zero
}

extension VectorError {
  /// A stable name, under which refusals are counted.
  package var reason: String {
    switch self {
    case .wrongDimensions: "wrong_dimensions"
    case .notFinite: "not_finite"
    case .zero: "zero"
    }
  }
}

/// Why a search could not start, or stopped.
package enum SearchError: Error, Equatable {
  /// A query is not a vector. `index` counts the queries of the call from 0.
  case badQuery(index: Int, reason: VectorError)
  /// The least score asked for is infinite or not a number.
  case minimumScoreNotFinite
  /// A stored row is not as many bytes as its dimensions need: the data is damaged.
  case wrongByteCount(id: Int64, found: Int, expected: Int)
  /// A stored row is not of unit length (`norm` is what it has, perhaps not finite): it was never
  /// checked by ``UnitVector``, or the data is damaged.
  case notUnitLength(id: Int64, norm: Double)
}

extension VectorError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .wrongDimensions(let found, let expected):
      "vector has \(found) dimensions, expected \(expected)"
    case .notFinite(let index):
      "component \(index) of the vector is infinite or not a number"
    case .zero:
      "all components of the vector are zero, so it has no direction"
    }
  }
}

extension SearchError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .badQuery(let index, let reason):
      "query \(index): \(reason)"
    case .minimumScoreNotFinite:
      "the minimum score is infinite or not a number"
    case .wrongByteCount(let id, let found, let expected):
      "vector \(id) is damaged: it has \(found) bytes, expected \(expected)"
    case .notUnitLength(let id, let norm):
      "vector \(id) is damaged: its length is \(norm), expected 1"
    }
  }
}
